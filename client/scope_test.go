package client_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every operation of the specification but the set-up names one scope, and is
// closed to a token that has all others, and to nobody's.
func TestEveryOperationChecksItsScope(t *testing.T) {
	each(t, func(t *testing.T, s server) {
		all := []string{"read", "decide", "reasons", "write", "send", "admin"}
		without := map[string]string{}
		for _, scope := range all {
			without[scope] = s.secret(t, slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == scope })...)
		}
		status, _, text := s.raw(t, "GET", "/api/openapi.json", nil, nil)
		var spec struct {
			Paths map[string]map[string]struct {
				OperationID string                `json:"operationId"`
				Summary     string                `json:"summary"`
				Security    []map[string][]string `json:"security"`
			} `json:"paths"`
		}
		if err := json.Unmarshal([]byte(text), &spec); err != nil || status != http.StatusOK || len(spec.Paths) < 30 {
			t.Fatalf("%d, %d paths, %v", status, len(spec.Paths), err)
		}
		names := map[string]bool{}
		for path, methods := range spec.Paths {
			path = regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(path, "1")
			for method, op := range methods {
				if op.Summary == "" || names[op.OperationID] {
					t.Errorf("%s %s: summary %q, id %q", method, path, op.Summary, op.OperationID)
				}
				names[op.OperationID] = true
				if op.OperationID == "claim-token" {
					continue
				}
				if len(op.Security) != 1 || len(op.Security[0]["bearer"]) != 1 {
					t.Errorf("%s names no scope: %v", op.OperationID, op.Security)
					continue
				}
				scope := op.Security[0]["bearer"][0]
				method := strings.ToUpper(method)
				if status, _, answer := s.raw(t, method, path, map[string]string{"Authorization": "Bearer " + without[scope]}, nil); status != 403 || !strings.Contains(answer, `"missing_scope"`) {
					t.Errorf("%s without %s: %d %.200s", op.OperationID, scope, status, answer)
				}
				s.clk.Set(s.Clock.Now().Add(time.Second)) // strangers get ten tries a second
				if status, _, _ := s.raw(t, method, path, nil, nil); status != 401 {
					t.Errorf("%s without a token: %d", op.OperationID, status)
				}
			}
		}
	})
}
