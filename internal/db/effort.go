package db

import "sync/atomic"

// Effort is what an open database has done so far: what work costs whatever
// machine it runs on.
type Effort struct {
	Statements int64 // sent to the engine; one list of the same statement counts once
	Commits    int64 // transactions that changed something, each one wait for the disk
}

// Effort tells it.
func (d *DB) Effort() Effort { return d.engine.spent() }

// effort counts.
type effort struct{ statements, commits atomic.Int64 }

func (e *effort) spent() Effort { return Effort{e.statements.Load(), e.commits.Load()} }
