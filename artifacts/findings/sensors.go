package findings

import "github.com/artifactdump/artifactdump/artifacts/execution"

var sensors = rule(Rule{
	ID: "X-12", Title: "Microphone or camera used from an unusual location", Level: Medium, Attack: []string{"T1123", "T1125"},
	Why:    "A program outside the usual folders used a microphone or a camera.",
	Benign: "Meeting software installed for one user.",
	Next:   "Examine the program. The record gives the start and the end of the use.",
	Needs:  []string{"consentstore", "capabilityaccess"},
}, func(x *look, c execution.Consent) {
	if !c.Packaged && !c.Start.IsZero() {
		x.sensor(c.Capability, c.App)
	}
}).also(on(func(x *look, u execution.CapabilityUse) {
	if !u.Packaged && u.Kind == "use" && !u.Blocked {
		x.sensor(u.Capability, u.App)
	}
}))

// sensor judges the program that used a microphone or a camera.
func (x *look) sensor(capability, app string) {
	if capability != "microphone" && capability != "webcam" {
		return
	}
	key := x.normal(app, x.row.rec.User)
	if p := x.probe(key); p.place != nil && p.place.level >= Medium {
		id := "T1123"
		if capability == "webcam" {
			id = "T1125"
		}
		x.hit(subject{kind: kindProgram, key: key, show: app}, 0, "used the %s, %s", capability, p.place).as(id)
	}
}
