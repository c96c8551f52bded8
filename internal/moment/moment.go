// Package moment names the moments between two durable acts at which a process
// may die. The program passes them and nothing happens; a test that watches kills
// the process there, and then holds what is left against what was promised.
package moment

import "sync/atomic"

// Name is a moment, in words.
type Name string

// The moments.
const (
	// Of every transaction.
	Flushed   Name = "the journal is written, the database is not"
	Committed Name = "the database is written, nobody was told"
	// Of a migration.
	Migrating Name = "a migration is about to run its next statement"
	// Of the ledger.
	Numbered Name = "entries have numbers and no checkpoint"
	Anchored Name = "a checkpoint is anchored and not published"
	// Of a group of messages.
	Claimed    Name = "messages are claimed and not checked"
	HandedOver Name = "messages are handed over and none has begun"
	Begun      Name = "a burst is marked as begun and has not left"
	Left       Name = "a burst has left and is not settled"
	// Of work in the background.
	Worked   Name = "a job is done and still in the queue"
	Imported Name = "a batch of a file is stored and its place is not noted"
	KeyGone  Name = "the key of somebody erased is destroyed and no receipt is written"
	// Of a rotation of the root key.
	Renewed    Name = "there is a new root key and nothing is wrapped under it"
	Wrapped    Name = "some keys are wrapped under the new root key"
	AllWrapped Name = "all keys are wrapped under the new root key and the old one still opens"
	// Of a restore.
	Loaded   Name = "a backup is loaded and no protection is back"
	Halted   Name = "what the backup would send is cancelled"
	Replayed Name = "an act of the journal is replayed and others are not"
	Reopened Name = "the ledger has a new epoch and the restore is not ended"
)

// All lists the moments.
var All = []Name{Flushed, Committed, Migrating, Numbered, Anchored, Claimed, HandedOver, Begun, Left, Worked, Imported, KeyGone,
	Renewed, Wrapped, AllWrapped, Loaded, Halted, Replayed, Reopened}

var watcher atomic.Pointer[func(Name)]

// Reached says that a moment has come.
func Reached(n Name) {
	if fn := watcher.Load(); fn != nil {
		(*fn)(n)
	}
}

// Watch has a function hear of every moment of this process, for tests.
func Watch(fn func(Name)) { watcher.Store(&fn) }
