package request

import (
	"context"

	"candor/internal/db"
)

// AskAccess puts a request for a person's copy on the desk (GDPR 15), where
// somebody else than the privacy centre brings it: a shop for its customer. The
// copy itself is given to the person after they prove who they are. A second
// one, while the first waits, is the first.
func (d *Desk) AskAccess(ctx context.Context, n NewRequest) (Request, error) {
	n.Purpose = ""
	return d.stop(ctx, Access, n, func(*db.Tx) error { return nil })
}
