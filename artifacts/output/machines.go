package output

import "github.com/artifactdump/artifactdump/artifacts/evidence"

// MachineOf is what formats say of a machine. input is the evidence that holds it.
func MachineOf(m *evidence.Machine, input string) Machine {
	return Machine{
		Name: m.Name, OS: m.Product, Build: m.Build, TimeZone: m.TimeZone, Bias: m.Bias, MachineGUID: m.GUID,
		SystemRoot: m.SystemRoot, Input: input,
	}
}

// distinctMachines has each name once. Where two machines have one name, what
// they differ in is not told: events go by the name alone.
func distinctMachines(list []Machine) []Machine {
	var out []Machine
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
			{&o.OS, &h.OS}, {&o.Build, &h.Build}, {&o.TimeZone, &h.TimeZone},
			{&o.MachineGUID, &h.MachineGUID}, {&o.SystemRoot, &h.SystemRoot}, {&o.Input, &h.Input},
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

// SetMachines has formats name the machines of a timeline.
func (o *Options) SetMachines(machines []Machine) {
	machines = distinctMachines(machines)
	ids := make(map[string]string, len(machines))
	for _, m := range machines {
		ids[m.Name] = m.MachineGUID
	}
	o.MachineGUID = func(host string) string { return ids[host] }
	if o.Case == nil {
		o.Case = func() *Case { return &Case{Machines: machines} }
	}
}
