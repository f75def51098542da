package logons

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// TestECS: attempts, ends of sessions and changes of groups are documents, in UTC.
func TestECS(t *testing.T) {
	b := intrusion()
	b.Add("", sec(92, 4732, 420, "TargetSid", "S-1-5-32-544", "TargetUserName", "Administrators", "TargetDomainName", "Builtin", "MemberSid", bob), "")
	b.Add("", sec(93, 4648, 430, "SubjectUserSid", bob, "SubjectUserName", "bob", "SubjectDomainName", "CORP", "TargetUserName", "eve", "TargetDomainName", "CORP", "TargetServerName", "SRV9"), "")
	type names struct{ ID, Domain, Name string }
	type doc struct {
		Time  string `json:"@timestamp"`
		Event struct {
			Category, Type                          []string
			Outcome, Provider, Action, Reason, Code string
			Duration                                int64
		}
		Group names
		User  struct {
			names
			Effective, Target names
		}
		Source struct{ IP string }
		Winlog struct {
			Record int `json:"record_id"`
			Logon  struct{ Type, ID string }
		}
	}
	var w strings.Builder
	a := b.Analyse()
	if err := writeECS(&w, a, "", nil); err != nil {
		t.Fatal(err)
	}
	var docs []doc
	for line := range strings.Lines(w.String()) {
		var d doc
		if err := json.Unmarshal([]byte(line), &d); err != nil {
			t.Fatal(err)
		}
		if d.Time != "" {
			docs = append(docs, d)
		}
	}
	find := func(record int, category string) *doc {
		for i := range docs {
			if docs[i].Winlog.Record == record && slices.Contains(docs[i].Event.Category, category) {
				return &docs[i]
			}
		}
		t.Fatalf("no %s of record %d in\n%s", category, record, w.String())
		return nil
	}
	if d := find(3, "authentication"); d.Event.Outcome != "failure" || d.Event.Reason != "wrong password" || d.Event.Provider != "Microsoft-Windows-Security-Auditing" || d.Event.Code != "4625" ||
		slices.Contains(d.Event.Category, "session") || d.User.Name != "bob" || d.User.Domain != "CORP" {
		t.Errorf("a failure: %+v", d)
	}
	if d := find(21, "session"); d.Event.Type[0] != "start" || d.Source.IP != "8.8.4.4" || d.Winlog.Logon.Type != "RemoteInteractive" || d.Winlog.Logon.ID != "0x6001" {
		t.Errorf("a begin: %+v", d)
	}
	if d := find(8, "session"); d.Event.Type[0] != "end" || d.Event.Action != "logoff" || d.Event.Duration != 197e9 || d.Source.IP != "8.8.4.4" || d.Winlog.Logon.ID != "0x6001" ||
		d.Time != "2026-03-06T18:05:00.0000000Z" {
		t.Errorf("an end: %+v", d)
	}
	if d := find(92, "iam"); !slices.Equal(d.Event.Type, []string{"group", "change"}) || d.Event.Action != "added-member-to-group" || d.Group.Name != "Administrators" || d.Group.ID != "S-1-5-32-544" ||
		d.User.Target.ID != bob {
		t.Errorf("a group: %+v", d)
	}
	if d := find(93, "authentication"); d.Event.Type[0] != "info" || d.Event.Outcome != "" || d.User.Effective.Name != "eve" {
		t.Errorf("explicit credentials: %+v", d)
	}
	w.Reset()
	if err := writeECS(&w, a, "", &Filter{Accounts: []string{"nobody"}}); err != nil || w.Len() > 0 {
		t.Errorf("documents of nobody: %v %s", err, w.String())
	}
}
