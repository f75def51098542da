package programs

import (
	"encoding/json"
	"errors"
)

// ReadJSON reads a program from the line of JSON that [Model.WriteJSON] wrote, and
// the machine that it is of.
func ReadJSON(line []byte) (host string, p *Program, err error) {
	type plain Program
	var x struct {
		Host string `json:"host"`
		*plain
	}
	x.plain = new(plain)
	if err := json.Unmarshal(line, &x); err != nil {
		return "", nil, err
	}
	if x.plain.ID == "" || x.plain.Path == "" {
		return "", nil, errors.New("not a program")
	}
	return x.Host, (*Program)(x.plain), nil
}
