package main

import (
	"net/url"
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
)

// hostOf is what formats say of a machine.
func hostOf(m *evidence.Machine, input string) output.Host {
	return output.Host{
		Name: m.Name, OS: m.Product, Build: m.Build, TimeZone: m.TimeZone, Bias: m.Bias, MachineGUID: m.GUID, SystemRoot: m.SystemRoot, Input: input,
	}
}

// distinctHosts has each name once. Where two machines have one name, what
// they differ in is not told: events go by the name alone.
func distinctHosts(list []output.Host) []output.Host {
	var out []output.Host
	at := map[string]int{}
	for _, h := range list {
		i, ok := at[h.Name]
		if !ok {
			at[h.Name] = len(out)
			out = append(out, h)
			continue
		}
		o := &out[i]
		for _, f := range [][2]*string{
			{&o.OS, &h.OS}, {&o.Build, &h.Build}, {&o.TimeZone, &h.TimeZone}, {&o.MachineGUID, &h.MachineGUID}, {&o.SystemRoot, &h.SystemRoot}, {&o.Input, &h.Input},
		} {
			if *f[0] != *f[1] {
				*f[0] = ""
			}
		}
		if o.Bias != h.Bias {
			o.Bias, o.TimeZone = 0, ""
		}
	}
	return out
}

// tellHosts has formats name the machines of a timeline.
func tellHosts(o *output.Options, hosts []output.Host) {
	hosts = distinctHosts(hosts)
	ids := make(map[string]string, len(hosts))
	for _, h := range hosts {
		ids[h.Name] = h.MachineGUID
	}
	o.HostID = func(host string) string { return ids[host] }
	if o.Case == nil {
		o.Case = func() *output.Case { return &output.Case{Hosts: hosts} }
	}
}

// maxPartition keeps the name of a folder below the 255 bytes that file
// systems take.
const maxPartition = 200

// partition is the folder of one machine as Hive names it: host=NAME, with all
// that a file system or a reader of such names could take for something else
// percent-encoded. The column host holds the whole name.
func partition(name string) string {
	b := []byte("host=")
	for _, r := range name {
		c := partitionEscapes.Replace(url.PathEscape(string(r)))
		if len(b)+len(c) > maxPartition {
			break
		}
		b = append(b, c...)
	}
	if b[len(b)-1] == '.' { // Windows drops it
		b = append(b[:len(b)-1], "%2E"...)
	}
	return string(b)
}

// What a path may hold by the rules of addresses, but not on every system or
// not beside the equals sign.
var partitionEscapes = strings.NewReplacer(":", "%3A", "=", "%3D", "&", "%26", "+", "%2B", "$", "%24", "@", "%40")
