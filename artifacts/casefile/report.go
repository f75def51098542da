package casefile

import (
	"cmp"
	"context"
	"errors"

	"github.com/artifactdump/artifactdump/artifacts"
	"github.com/artifactdump/artifactdump/artifacts/catalogue"
	"github.com/artifactdump/artifactdump/artifacts/evidence"
	"github.com/artifactdump/artifactdump/artifacts/output"
	"github.com/artifactdump/artifactdump/artifacts/report"
)

// Report fills in what a report says of the machines of the case, all but its
// title and the program that writes it. What could not be read in the case goes to
// damage.
func (c *Case) Report(ctx context.Context, in *report.Input, opts *report.Options, damage func(error)) error {
	if in.Collected == nil {
		in.Collected = report.NewCollector(opts)
	}
	for _, m := range c.Machines {
		r := report.Machine{Machine: m.Facts(), Hives: m.ReportHives(), Problems: m.Problems, LocalTimes: m.LocalTimes}
		if e := c.Evidence(m); e != nil {
			r.Kind = e.Kind
			in.Case = addCase(in.Case, c.Manifest.ReportCase(e, m.MachineManifest))
		}
		in.Machines = append(in.Machines, r)
		m.collect(ctx, in.Collected, damage)
		told, err := m.Story(ctx, damage)
		if err != nil {
			return err
		}
		if told != nil {
			in.Stories = append(in.Stories, told)
		}
	}
	r, err := c.Findings(ctx)
	if err != nil {
		return err
	}
	in.Evaluate(r, opts.Lang)
	return ctx.Err()
}

// addCase joins what two machines say of their case.
func addCase(a, b *report.Case) *report.Case {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	a.Evidence = append(a.Evidence, b.Evidence...)
	return a
}

// Facts returns what the manifest holds of the facts of the machine.
func (m *Machine) Facts() *evidence.Machine {
	f := &evidence.Machine{Name: m.Name, NameFrom: m.NameFrom, Product: m.Product, Build: m.Build, GUID: m.MachineGUID,
		ControlSet: m.ControlSet, TimeZone: m.TimeZone, Bias: m.Bias, SystemRoot: m.SystemRoot}
	for _, u := range m.Users {
		f.Users = append(f.Users, evidence.User{Name: u.Name, SID: u.SID, Profile: u.Profile})
	}
	return f
}

// OutputMachine returns what formats say of the machine.
func (m *Machine) OutputMachine() output.Machine { return output.MachineOf(m.Facts(), m.Evidence) }

// collect gives a collector what the results of the run gave it.
func (m *Machine) collect(ctx context.Context, c *report.Collector, damage func(error)) {
	byName := map[string]*artifacts.Artifact{}
	for _, a := range catalogue.All() {
		byName[a.Name] = a
	}
	for _, a := range m.Artifacts {
		if known := byName[a.Name]; known != nil {
			c.Artifact(known, a.Sources, a.Records, a.Errors)
		}
	}
	for _, d := range m.Damaged {
		if d.Parser == "evidence" {
			continue // these are among the problems
		}
		e := artifacts.DecodeError{Artifact: d.Parser, Err: errors.New(d.Error),
			From: artifacts.Locator{Path: d.Path, Snapshot: d.Snapshot, Key: d.Key, Value: d.Value, Offset: d.Offset}}
		c.Failure(m.Name, e.Error())
	}
	for _, n := range m.Notes {
		c.Note(m.Name, n)
	}
	for rec, err := range m.Records(ctx) {
		if err != nil {
			damage(err)
			continue
		}
		c.Autostart(rec)
	}
}
