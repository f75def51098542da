package corpus

// Cases is what the incident consists of: one line for each artifact, in the order of writing.
var Cases = []Case{
	{"hosts", "One line sends the signature updates of the virus scanner to the machine itself.", hostsCase},
	{"prefetch", "A week of ordinary programs, and the intruder's, each with the times of its launches.", prefetchCase},
}
