package programs

import (
	"strings"

	"github.com/artifactdump/artifactdump/artifacts/winpath"
)

// maxMakers bounds the commands that are looked through for each task.
const maxMakers = 4096

// fired joins tasks with the command that made them and with the starts that they
// caused. Only a start with the same image and, where the image runs what others
// wrote, with the same arguments is one.
func (b *Builder) fired(list []*prog) {
	var makers []*Start
	for _, p := range list {
		if base := p.p.baseOf(p.key); base == "schtasks.exe" && belowSystem(p.key) {
			for i := range p.p.Starts {
				if s := &p.p.Starts[i]; s.Command != "" && len(makers) < maxMakers && containsFold(s.Command, "/create") {
					makers = append(makers, s)
				}
			}
		}
	}
	for _, p := range list {
		for i := range p.p.Autostarts {
			a := &p.p.Autostarts[i]
			if !isTask(a) {
				continue
			}
			name := winpath.Base(a.Name)
			for _, s := range makers {
				if name != "" && containsFold(s.Command, name) {
					a.Made, a.MadeBy, a.MadeRef = s.Time, s.Account.Short(), s.Proofs[0].Ref
					break
				}
			}
			if p.firedBy(a, taskAccount(a)) {
				p.p.Accounts = nil
				p.accounts()
			}
		}
	}
}

// taskAccount is the account that a task runs as.
func taskAccount(a *Autostart) Attribution {
	out := Attribution{Certainty: Inferred, Why: "the task " + a.Name + " runs as this account"}
	if strings.HasPrefix(a.Account, "S-1-") {
		out.SID = a.Account
	} else {
		out.Name = a.Account
	}
	return out
}

func isTask(a *Autostart) bool { return containsFold(a.Mechanism, "task") }

func containsFold(s, part string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(part))
}

// firedBy notes the starts of a program that a task explains. They are by the account
// of the task, where no record of the start names another; it reports whether one is.
func (p *prog) firedBy(a *Autostart, by Attribution) (changed bool) {
	host := hosts[p.p.baseOf(p.key)]
	for j := range p.p.Starts {
		s := &p.p.Starts[j]
		parent := strings.ToLower(winpath.Base(s.Parent))
		switch {
		case s.Time.Before(a.Made), s.Time.Before(a.Written) && !a.Written.IsZero():
		case host && (s.Command == "" || !sameCommand(s.Command, a.Command)):
		case parent != "svchost.exe" && parent != "taskeng.exe":
		default:
			add(&a.Fired, s.ID)
			if !by.IsZero() && (s.Account.IsZero() || s.Account.Certainty == Inferred) {
				by.Source = s.Account.Source
				s.Account, s.During, changed = by, "", true
			}
		}
	}
	return changed
}

// sameCommand reports whether two command lines run the same: quotes and the
// folder of the program may differ.
func sameCommand(a, b string) bool {
	x, y := winpath.ParseCommand(a, nil), winpath.ParseCommand(b, nil)
	bare := strings.NewReplacer(`"`, "", " ", "", "\t", "")
	name := func(c winpath.Command) string {
		return strings.TrimSuffix(strings.ToLower(winpath.Base(c.Program)), ".exe")
	}
	return name(x) == name(y) && strings.EqualFold(bare.Replace(x.Arguments), bare.Replace(y.Arguments))
}
