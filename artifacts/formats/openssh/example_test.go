package openssh_test

import (
	"fmt"

	"github.com/artifactdump/artifactdump/artifacts/formats/openssh"
)

func ExampleAuthorizedKeys() {
	text := []byte("# keys\nfrom=\"192.0.2.0/24\" ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBERERERERERERERERERERERERERERERERERERERERER heron\n")
	for _, k := range openssh.AuthorizedKeys(text) {
		fmt.Println(k.Number, k.Type, k.Comment, k.Options)
		fmt.Println(k.Fingerprint)
	}
	// Output:
	// 2 ssh-ed25519 heron from="192.0.2.0/24"
	// SHA256:SQfC+vTbLURn9cTkVxIS8fGQ3FKNAJWeB0o139+gV4M
}

func ExampleSettings() {
	for _, s := range openssh.Settings([]byte("Port 22\nMatch User heron\n  PasswordAuthentication = yes\n")) {
		fmt.Printf("%s: %s (%s)\n", s.Name, s.Value, s.Block)
	}
	// Output:
	// Port: 22 ()
	// PasswordAuthentication: yes (Match User heron)
}
