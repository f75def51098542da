package artifacts

import "time"

// KeyEvent is the event of a key that holds many records: told once, at the
// first of them, because the time dates only the last change of all. The first
// record of a key is the one with index 0.
func KeyEvent(index int, written time.Time, what string) []Event {
	if index != 0 || written.IsZero() {
		return nil
	}
	return []Event{{Time: written, Kind: "Content Modification Time", Proof: Configured,
		Message: what + ": the key was last changed; which of its values, is not recorded"}}
}
