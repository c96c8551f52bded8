package app

import (
	"context"
	"log/slog"
	"time"

	"candor/internal/audience/index"
	"candor/internal/db"
	"candor/internal/observe"
)

// How the audience index is compared with the database: soon after the start,
// then every hour, a thousand customers at random. A count may be wrong where
// they differ; what is sent never, since the database is asked at the hand-over.
const (
	firstIndexCheck = 2 * time.Minute
	indexCheckEvery = time.Hour
	indexSample     = 1000
)

func (a *App) checkIndex(ctx context.Context) error {
	wait := firstIndexCheck
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
		wait = indexCheckEvery
		if err := a.CheckIndex(ctx); err != nil && ctx.Err() == nil {
			a.Log.Warn("the audience index could not be compared with the database", slog.String("error", err.Error()))
		}
	}
}

// CheckIndex compares the audience index with the database now, and notes what
// it found for the doctor.
func (a *App) CheckIndex(ctx context.Context) error {
	r, err := a.Index.Check(ctx, indexSample)
	if err != nil {
		return err
	}
	observe.IndexDifferent.Set(float64(r.Different))
	if r.Different > 0 {
		a.Log.Error("the audience index differs from the database", slog.Int64("customers", r.Different), slog.Int64("of", r.Compared))
	}
	return a.DB.Write(ctx, func(tx *db.Tx) error { return index.Note(tx, r) })
}
