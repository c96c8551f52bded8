package api

import (
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// A handler that works longer than a read deadline would lose its context.
func TestNoOperationHasAReadDeadline(t *testing.T) {
	n := 0
	for path, item := range (&API{}).routes(http.NewServeMux()).OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			n++
			if op.BodyReadTimeout >= 0 {
				t.Errorf("%s %s has the deadline %s", op.Method, path, op.BodyReadTimeout)
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d operations", n)
	}
}
