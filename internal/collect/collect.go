// Package collect is where data come in: the HTTP API of Segment's clients, so
// that software that people already run works unchanged.
//
// Less data is the rule. Only what the charter declares and the source may send
// is taken; everything else is dropped at the door and counted by name. Places
// are made coarse, free text is scanned, page addresses lose what follows the
// question mark, network addresses are never stored (MIN-01, MIN-02). A source
// without a notice takes nothing (NOT-01).
//
// A server's key is a secret: what comes with it is what the business says. A
// public key is in every visitor's browser: what comes with it is a claim, and
// the gate lets a claim change nothing of a known customer.
//
// An answer of success means that the data are on disk. Whatever the data are
// about, the answer is the same: nobody learns here whether a person is known.
package collect
