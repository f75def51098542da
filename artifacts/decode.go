package artifacts

import "strings"

// Decode runs the artifact's decoder over one input that the caller put
// together: for bytes or keys that are not part of an evidence.Tree.
func (a *Artifact) Decode(in Input) ([]Record, []*DecodeError) {
	in.Artifact = a
	in.noted, in.shared = &problems{}, nil
	var out []Record
	host := ""
	if in.Machine != nil {
		host = in.Machine.Name
	}
	err := a.decode(in, func(d Decoded) bool {
		from := in.locator(d.origin())
		id := recordID(a, &from, strings.ToLower(from.Path), len(out), d)
		out = append(out, Record{ID: id, Artifact: a, Host: host, User: in.User, From: from, Data: d, View32: in.View32})
		return true
	})
	return out, append(in.noted.errs, in.flatten(err)...)
}
