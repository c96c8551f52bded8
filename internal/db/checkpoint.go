package db

import (
	"context"
	"time"
)

const (
	checkpointEvery = 200 * time.Millisecond
	checkpointAfter = 20 // commits; fewer can wait for the writer
)

// checkpoints copies what was committed from the log into the database's file,
// beside the writer, while much is written. The writer would do it itself, once the
// log has wal_autocheckpoint pages, and everybody would wait: now it finds little
// left to copy, and begins the log anew. Trouble is not told: the writer meets it
// too.
func (e *sqliteEngine) checkpoints(c *conn) {
	defer close(e.copied)
	defer c.close()
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	done := e.commits.Load()
	for {
		select {
		case <-e.stop:
			return
		case <-tick.C:
		}
		if n := e.commits.Load(); n-done >= checkpointAfter {
			_, _ = c.exec(context.Background(), "pragma wal_checkpoint(passive)", nil)
			done = n
		}
	}
}
