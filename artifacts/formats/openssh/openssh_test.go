package openssh

import (
	"reflect"
	"strings"
	"testing"
)

// A key made for this test; ssh-keygen -l prints the fingerprint.
const (
	blob = "AAAAC3NzaC1lZDI1NTE5AAAAIIszUIQJ24Lp3ssjgb1NrIvoPrTNTOwAWfFrwBj7fpfj"
	sum  = "SHA256:O2q4bqazr3B4zkvThm3+gXA0y6LthLLi8u3yI5V3wkY"
)

func TestAuthorizedKeys(t *testing.T) {
	b := "\xEF\xBB\xBF# comment\r\nssh-ed25519 " + blob + " heron@kestrel\r\n\r\n" +
		`from="10.0.0.1",command="cmd /c \"x y\"" ssh-ed25519 ` + blob + "\n" +
		"ssh-rsa " + blob + " wrong type\nssh-ed25519 %%% x\nnonsense\n"
	got := AuthorizedKeys([]byte(b))
	want := []Key{
		{Line{11, 2}, "", "ssh-ed25519", sum, "heron@kestrel", ""},
		{Line{110, 4}, `from="10.0.0.1",command="cmd /c \"x y\""`, "ssh-ed25519", sum, "", ""},
		{Line{232, 5}, "", "ssh-rsa", "", "wrong type", "the key is of another type"},
		{Line{320, 6}, "", "ssh-ed25519", "", "x", "the key is not base64"},
		{Line{338, 7}, "nonsense", "", "", "", "no type of a key"},
	}
	for i, k := range got {
		if i < len(want) && !strings.HasPrefix(b[k.Offset:], strings.TrimSpace(want[i].Options+" "+want[i].Type)) {
			t.Errorf("line %d is not at %d", k.Number, k.Offset)
		} else if i < len(want) {
			want[i].Offset = k.Offset
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestKnownHosts(t *testing.T) {
	got := KnownHosts([]byte("kestrel,[10.0.0.2]:2222 ssh-ed25519 " + blob + "\n|1|c2FsdA==|aGFzaA== ssh-ed25519 " + blob + " c\n@revoked * ssh-ed25519 " + blob))
	want := []Host{
		{Line: got[0].Line, Names: []string{"kestrel", "[10.0.0.2]:2222"}, Type: "ssh-ed25519", Fingerprint: sum},
		{Line: got[1].Line, Names: []string{"|1|c2FsdA==|aGFzaA=="}, Hashed: true, Type: "ssh-ed25519", Fingerprint: sum, Comment: "c"},
		{Line: got[2].Line, Marker: "@revoked", Names: []string{"*"}, Type: "ssh-ed25519", Fingerprint: sum},
	}
	if !reflect.DeepEqual(got, want) || got[2].Number != 3 {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestSettings(t *testing.T) {
	got := Settings([]byte("Port 2222\nPasswordAuthentication=no\n\nMatch Group administrators\n  AuthorizedKeysFile __PROGRAMDATA__/ssh/administrators_authorized_keys\n"))
	want := []Setting{
		{got[0].Line, "", "Port", "2222"}, {got[1].Line, "", "PasswordAuthentication", "no"},
		{got[2].Line, "Match Group administrators", "AuthorizedKeysFile", "__PROGRAMDATA__/ssh/administrators_authorized_keys"},
	}
	if !reflect.DeepEqual(got, want) || got[2].Number != 5 {
		t.Errorf("%+v", got)
	}
}

func TestIsPrivateKey(t *testing.T) {
	for s, want := range map[string]bool{
		"-----BEGIN OPENSSH PRIVATE KEY-----\nabc": true, "-----BEGIN RSA PRIVATE KEY-----": true, "PuTTY-User-Key-File-3: ssh-rsa": true,
		"-----BEGIN PUBLIC KEY-----": false, "ssh-rsa": false, "": false,
	} {
		if got := IsPrivateKey([]byte(s)); got != want {
			t.Errorf("IsPrivateKey(%q) = %t", s, got)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("from=\"x\" ssh-ed25519 " + blob + " c\n@revoked a,b ssh-rsa x\nHost y\n Port = 2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, k := range AuthorizedKeys(b) {
			if (k.Fingerprint == "") != (k.Damage != "") {
				t.Fatalf("%+v", k)
			}
		}
		KnownHosts(b)
		Settings(b)
		IsPrivateKey(b)
	})
}
