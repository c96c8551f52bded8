package tour

import (
	"net/http"

	"candor/internal/errs"
)

// restore puts the backup that was taken before she erased herself into an empty
// place, and says whether she is in it when it serves.
func (t *Tour) restore(w http.ResponseWriter, r *http.Request) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state.backup == "" {
		return errs.New(errs.Conflict, "no_backup", "send the letter first: the backup is taken then")
	}
	got, err := t.Restore(r.Context(), t.state.backup, t.state.her)
	if err != nil {
		return err
	}
	t.state.restored = &got
	return back(w, r, "restore")
}
