package findings

import "github.com/artifactdump/artifactdump/artifacts/execution"

var sensors = rule(Rule{
	ID: "X-12", Title: "Microphone or camera used from an unusual location", Level: Medium, Attack: []string{"T1123", "T1125"},
	Why:    "A program outside the usual folders used a microphone or a camera.",
	Benign: "Meeting software installed for one user.",
	Next:   "Examine the program. The record gives the start and the end of the use.",
	Needs:  []string{"consentstore"},
}, func(x *look, c execution.Consent) {
	if c.Packaged || c.Start.IsZero() || c.Capability != "microphone" && c.Capability != "webcam" {
		return
	}
	key := x.normal(c.App, x.row.rec.User)
	if p := x.probe(key); p.place != nil && p.place.level >= Medium {
		id := "T1123"
		if c.Capability == "webcam" {
			id = "T1125"
		}
		x.hit(subject{kind: kindProgram, key: key, show: c.App}, 0, "used the %s, %s", c.Capability, p.place).as(id)
	}
})
