package persistence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/winpath"
	"github.com/artifactdump/artifactdump/hive"
)

// A Service is one key below Services: a service, a driver, or a program that
// only registered settings there.
type Service struct {
	artifacts.Origin
	Entry
	Name         string   `json:"name"`
	DisplayName  string   `json:"display_name,omitempty"`
	Description  string   `json:"description,omitempty"`
	ImagePath    string   `json:"image_path,omitempty"` // as stored
	ServiceType  uint32   `json:"service_type"`
	TypeText     string   `json:"service_type_text,omitempty"`
	StartType    uint32   `json:"start_type"`
	StartText    string   `json:"start_type_text,omitempty"`
	Delayed      bool     `json:"delayed_start,omitempty"`
	Triggers     uint32   `json:"triggers,omitempty"` // events that start it, of TriggerInfo
	Account      string   `json:"account,omitempty"`
	LoadGroup    string   `json:"load_group,omitempty"`
	DependsOn    []string `json:"depends_on,omitempty"`
	SvchostGroup string   `json:"svchost_group,omitempty"`
	GroupListed  string   `json:"svchost_group_listed,omitempty"` // is the service in its group: yes, no, unknown
	ServiceDLL   string   `json:"service_dll,omitempty"`          // as stored
	DLLKey       string   `json:"service_dll_key,omitempty"`      // where it stands: Parameters, or the service's own key
	DLLPresent   string   `json:"service_dll_present,omitempty"`
	ServiceMain  string   `json:"service_main,omitempty"`
	Libraries    []string `json:"libraries,omitempty"` // DLLs that others load on its behalf: "Performance: x.dll"
	OnFailure    []string `json:"on_failure,omitempty"`
	FailureCmd   string   `json:"failure_command,omitempty"`
	DeleteFlag   bool     `json:"delete_flag,omitempty"` // goes away at the next start of Windows
	SafeBoot     []string `json:"safe_boot,omitempty"`   // safe modes that load it
	Instances    []string `json:"instances,omitempty"`   // copies for users who were logged on
	Unusual      string   `json:"unusual,omitempty"`

	dllPath    string
	dllWritten time.Time
}

var services = artifacts.Define(artifacts.Artifact{
	Name:     "services",
	Title:    "Service",
	DataType: "windows:registry:service",
	About: `Services and drivers that Windows starts automatically (at boot, at startup, on an event) or on
demand, with their program, the DLL that svchost loads, and the command to run on failure. Proves
that the service was installed and how it was configured; does not prove that it ran. The key's time
changes when the start type or any other value changes, for some services at every boot. It does not
date the installation, which the System event log records (7045). A key without a type is not a
service: programs keep settings there. Per-user copies are shown with the service that they were
made from. Other control sets are shown where they differ.`,
	Proves: artifacts.Configured,
	Attack: []string{"T1543.003", "T1569.002"},
	Refs: []string{
		"https://learn.microsoft.com/windows/win32/services/service-configuration-parameters",
		"https://learn.microsoft.com/openspecs/windows_protocols/ms-scmr/",
		"https://attack.mitre.org/techniques/T1543/003/",
	},
	Sources: []artifacts.Source{artifacts.Key(evidence.SYSTEM, `{CS}\Services\*`)},
}, decodeServices)

// Kinds of services: [MS-SCMR] 2.2.15, Windows SDK winnt.h.
var serviceTypes = []struct {
	bits uint32
	text string
}{
	{0x01, "kernel driver"},
	{0x02, "file system driver"},
	{0x04, "adapter"},
	{0x08, "recognizer driver"},
	{0x10, "own process"},
	{0x20, "shared process"},
	{0x40, "per-user template"},
	{0x80, "per-user instance"},
	{0x100, "interactive"},
	{0x200, "packaged"},
}

var serviceStarts = []string{"boot", "system", "auto", "demand", "disabled"}

const (
	serviceDriver   = 0x01 | 0x02 | 0x04 | 0x08
	serviceTemplate = 0x40
	serviceInstance = 0x80
	serviceDisabled = 4
)

// serviceValues are the values by which a deleted value is worth a record.
var serviceValues = []string{"ImagePath", "ServiceDll", "FailureCommand", "Start", "Type", "ObjectName"}

func decodeServices(in artifacts.Input, yield func(Service) bool) error {
	if in.Partial() {
		v := in.DeletedValues()[0]
		if !slices.ContainsFunc(serviceValues, func(n string) bool { return strings.EqualFold(n, v.Name()) }) {
			return nil
		}
	}
	d := serviceDecoder{in: in}
	s := d.service()
	if s == nil {
		return errors.Join(d.errs...)
	}
	if strings.HasPrefix(in.From.Key, `\?`) && s.TypeText == "" && s.ImagePath == "" && s.ServiceDLL == "" {
		// Other keys are called Services too. What is left of a deleted one
		// without its whole path must look like a service.
		return nil
	}
	if yield(*s) && s.FailureCmd != "" {
		f := *s
		f.Entry = autostartCommand(in, "Service failure command", s.FailureCmd)
		f.ServiceDLL, f.dllPath, f.dllWritten, f.FailureCmd = "", "", time.Time{}, ""
		if !slices.ContainsFunc(s.OnFailure, func(a string) bool { return strings.HasPrefix(a, serviceFailures[3]) }) {
			f.Inactive = "no failure action runs it"
		}
		yield(f)
	}
	return errors.Join(d.errs...)
}

type serviceDecoder struct {
	in   artifacts.Input
	errs []error
}

// text reads a value of k that may be missing.
func (d *serviceDecoder) text(v hive.Value, err error) (string, string) {
	if err != nil {
		return "", ""
	}
	s, note, err := artifacts.AnyText(v)
	if err != nil {
		d.errs = append(d.errs, d.in.Wrap(d.in.At(v), err))
	}
	return s, note
}

func (d *serviceDecoder) own(name string) string {
	s, _ := d.text(d.in.Value(name))
	return s
}

// below reads a value of a key below the service's own.
func (d *serviceDecoder) below(k hive.Key, name string) string {
	v, err := k.Value(name)
	if err != nil {
		return ""
	}
	s, _, err := artifacts.AnyText(v)
	if err != nil {
		d.errs = append(d.errs, d.in.Wrap(d.in.BelowAt(k, v), err))
	}
	return s
}

func (d *serviceDecoder) service() *Service {
	in := d.in
	s := &Service{Origin: in.AtKey(), Name: in.Key.Name()}
	if in.Partial() {
		s.Origin = in.At(in.DeletedValues()[0])
	}
	typ, hasType := in.Uint("Type")
	s.ServiceType = uint32(typ)
	s.ImagePath, s.Unusual = d.text(in.Value("ImagePath"))
	if s.ServiceType&serviceInstance != 0 && !in.Partial() && serviceIsCopy(in, s) {
		return nil
	}
	s.TypeText = serviceTypeText(s.ServiceType)
	start, hasStart := in.Uint("Start")
	if s.StartType = uint32(start); hasStart && start < uint64(len(serviceStarts)) {
		s.StartText = serviceStarts[start]
	}
	s.DisplayName, s.Description = d.own("DisplayName"), d.own("Description")
	s.Account, s.LoadGroup = d.own("ObjectName"), d.own("Group")
	s.DependsOn = in.Texts("DependOnService")
	if n, _ := in.Uint("DelayedAutoStart"); n == 1 {
		s.Delayed = true
	}
	if n, _ := in.Uint("DeleteFlag"); n == 1 {
		s.DeleteFlag = true
	}
	d.image(s, hasType)
	s.Disabled = hasStart && start == serviceDisabled
	s.Hidden = autostartHidden(s.Name)
	d.failure(s)
	if !in.Partial() {
		d.subkeys(s)
		s.SafeBoot = serviceSafeBoot(in, s.Name)
		if s.ServiceType&serviceTemplate != 0 && s.ServiceType&serviceInstance == 0 {
			s.Instances = serviceInstances(in, s.Name)
		}
	}
	return s
}

func serviceTypeText(t uint32) string {
	var parts []string
	for _, st := range serviceTypes {
		if t&st.bits != 0 {
			parts = append(parts, st.text)
		}
	}
	return strings.Join(parts, ", ")
}

// image finds the program. A driver without a path lies where all drivers do.
func (d *serviceDecoder) image(s *Service, hasType bool) {
	in := d.in
	mechanism := "Service"
	if s.ServiceType&serviceDriver != 0 {
		mechanism = "Driver"
	}
	command := s.ImagePath
	switch {
	case command == "" && s.ServiceType&serviceDriver != 0 && !in.Partial():
		s.Entry = autostartImage(in, mechanism, servicePath(in, `System32\drivers\`+s.Name+`.sys`))
		s.Guessed = true
	case command == "":
		s.Entry = autostartOf(in, mechanism)
		if !hasType {
			s.Mechanism = "Service key without a type"
		}
	default:
		s.Entry = autostartCommand(in, mechanism, servicePath(in, command))
	}
	s.Command = s.ImagePath
	if strings.EqualFold(winpath.Base(s.Image), "svchost.exe") {
		s.SvchostGroup = svchostGroup(s.Arguments)
		s.GroupListed = serviceInGroup(in, s.SvchostGroup, s.Name)
	}
	s.setDLL(in, d.own("ServiceDll"), "", time.Time{})
	s.ServiceMain = d.own("ServiceMain")
}

// servicePath resolves the two short forms of a service's path: relative to
// the Windows folder, and below \SystemRoot.
func servicePath(in artifacts.Input, p string) string {
	root := in.Machine.SystemRoot
	if root == "" {
		root = `C:\Windows`
	}
	low := strings.ToLower(p)
	switch {
	case strings.HasPrefix(low, `\systemroot\`):
		return root + p[len(`\systemroot`):]
	case strings.HasPrefix(low, `system32\`), strings.HasPrefix(low, `syswow64\`):
		return root + `\` + p
	case strings.HasPrefix(p, `\??\`):
		return p[len(`\??\`):]
	}
	return p
}

func (s *Service) setDLL(in artifacts.Input, dll, key string, written time.Time) {
	if dll == "" || s.ServiceDLL != "" {
		return
	}
	a := autostartImage(in, "", servicePath(in, dll))
	s.ServiceDLL, s.DLLKey, s.DLLPresent = dll, key, a.FilePresent
	s.dllPath, s.dllWritten = a.Image, written
	s.Payload = a.Image
}

// failure reads what happens when the service fails: FailureActions holds a
// SERVICE_FAILURE_ACTIONS of 20 bytes (reset period, two pointers, count,
// pointer) and then pairs of action and delay in milliseconds.
func (d *serviceDecoder) failure(s *Service) {
	in := d.in
	s.FailureCmd = d.own("FailureCommand")
	v, err := in.Value("FailureActions")
	if err != nil {
		return
	}
	b, err := v.Bytes()
	if err != nil {
		d.errs = append(d.errs, in.Wrap(in.At(v), err))
		return
	}
	if len(b) < 20 {
		d.errs = append(d.errs, in.Errorf(in.At(v), "failure actions of %d bytes, want 20 or more", len(b)))
		return
	}
	n := le.Uint32(b[12:])
	const most = 64
	for i := 20; i+8 <= len(b) && n > 0 && len(s.OnFailure) < most; i += 8 {
		n--
		kind := le.Uint32(b[i:])
		word := fmt.Sprintf("action %d", kind)
		if kind < uint32(len(serviceFailures)) {
			word = serviceFailures[kind]
		}
		s.OnFailure = append(s.OnFailure, fmt.Sprintf("%s after %d ms", word, le.Uint32(b[i+4:])))
	}
	switch {
	case n > 0 && len(s.OnFailure) == most:
		d.errs = append(d.errs, in.Errorf(in.At(v), "more than %d failure actions", most))
	case n > 0:
		d.errs = append(d.errs, in.Errorf(in.At(v), "%d more failure actions are claimed than there are", n))
	}
}

// SC_ACTION_TYPE, [MS-SCMR] 2.2.41.
var serviceFailures = []string{"nothing", "restart the service", "restart Windows", "run the command"}

// serviceLibraries are values below the key by which others load a DLL.
var serviceLibraries = []struct{ key, value string }{
	{"Performance", "Library"},
	{"NetworkProvider", "ProviderPath"},
	{"Parameters", "AutodialDLL"},
	{"Parameters", "ServerLevelPluginDll"},
}

func (d *serviceDecoder) subkeys(s *Service) {
	if k, err := d.in.Key.Subkey("Parameters"); err == nil {
		s.setDLL(d.in, d.below(k, "ServiceDll"), "Parameters", k.Written())
		if s.ServiceMain == "" {
			s.ServiceMain = d.below(k, "ServiceMain")
		}
	}
	for _, l := range serviceLibraries {
		if k, err := d.in.Key.Subkey(l.key); err == nil {
			if dll := d.below(k, l.value); dll != "" {
				s.Libraries = append(s.Libraries, l.key+`\`+l.value+": "+dll)
			}
		}
	}
	if k, err := d.in.Key.Subkey("TriggerInfo"); err == nil {
		s.Triggers = k.NumSubkeys()
	}
}

// serviceSafeBoot tells in which safe modes the service is loaded.
func serviceSafeBoot(in artifacts.Input, name string) []string {
	var out []string
	for _, mode := range []string{"Minimal", "Network"} {
		dir, err := in.Hive.Key(in.ControlSet + `\Control\SafeBoot\` + mode)
		if err != nil {
			continue
		}
		for _, n := range []string{name, name + ".sys"} {
			if _, err := dir.Subkey(n); err == nil {
				out = append(out, mode)
				break
			}
		}
	}
	return out
}

// Program returns the DLL where svchost is only the host.
func (s Service) Program() string {
	if s.dllPath != "" {
		return s.dllPath
	}
	return s.Image
}

// Summary shows name, program and start.
func (s Service) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "[%s]", s.Name)
	if s.Mechanism == "Service failure command" {
		fmt.Fprintf(&b, " on failure: %s", s.Command)
		return b.String() + s.state()
	}
	if s.DisplayName != "" && s.DisplayName != s.Name {
		fmt.Fprintf(&b, " %s", s.DisplayName)
	}
	if s.ImagePath != "" {
		fmt.Fprintf(&b, " Image path: %s", s.ImagePath)
	}
	if s.ServiceDLL != "" {
		fmt.Fprintf(&b, " DLL: %s", s.ServiceDLL)
	}
	if s.TypeText != "" {
		fmt.Fprintf(&b, " Type: %s", s.TypeText)
	}
	if s.StartText != "" {
		fmt.Fprintf(&b, " Start: %s", s.StartText) // says "disabled" where it is
	}
	if s.Account != "" {
		fmt.Fprintf(&b, " Account: %s", s.Account)
	}
	if s.GroupListed == presentNo {
		fmt.Fprintf(&b, " (not in the svchost group %s)", s.SvchostGroup)
	}
	if s.Hidden != "" {
		b.WriteString(" (hidden: " + s.Hidden + ")")
	}
	return b.String()
}

// Events adds the time of the key that names the DLL, where it is another.
func (s Service) Events() []artifacts.Event {
	if s.dllWritten.IsZero() || s.dllWritten.Equal(s.Written) {
		return nil
	}
	return []artifacts.Event{{
		Time: s.dllWritten, Kind: "Content Modification Time",
		Message: fmt.Sprintf("Service [%s] key Parameters with the DLL %s", s.Name, s.ServiceDLL),
	}}
}

// NamedFiles returns the program of the service and its DLL.
func (s Service) NamedFiles() []string { return append(s.Entry.NamedFiles(), s.dllPath) }
