// Package usage holds the error of a command line that cannot be run as it is.
package usage

import "fmt"

// An Error is a mistake in the command line.
type Error struct{ Err error }

func (e Error) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e Error) Unwrap() error { return e.Err }

// Errorf makes an error of the command line, as [fmt.Errorf] does.
func Errorf(format string, args ...any) error { return Error{fmt.Errorf(format, args...)} }

// Of makes an error one of the command line; nil stays nil.
func Of(err error) error {
	if err == nil {
		return nil
	}
	return Error{err}
}
