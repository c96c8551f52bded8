package internal_test

import (
	"strings"
	"testing"
)

// tiers lists the rooms of the house from the ground up. A package imports only
// what is lower; packages of one tier never import each other. A folder inside
// a room belongs to the room.
var tiers = [][]string{
	{"internal/errs"},
	{"internal/clock", "internal/id", "internal/personal", "internal/term", "internal/strict", "internal/signal", "internal/observe", "internal/moment"}, // words
	{"internal/db", "internal/egress", "internal/residue", "internal/limit", "client", "sdk/js"},                                                         // ground
	{"internal/keyring", "internal/rights", "internal/rulepack", "internal/lint", "internal/ui", "internal/lists"},                                       // plumbing that knows no other
	{"internal/ledger", "internal/journal", "internal/job", "internal/outbox"},
	{"internal/charter"}, // the promise
	{"internal/staff"},
	{"internal/token"},    // what staff lets programs do
	{"internal/approval"}, // what needs two of them
	{"internal/customer", "internal/event", "internal/consent"}, // facts
	{"internal/admission"}, // what the charter lets in
	{"internal/gate"},      // the only door
	{"internal/export"},    // files that were taken out
	{"internal/guarded"},   // records that nobody opens alone
	{"internal/audience", "internal/message", "internal/sharing", "internal/audit", "internal/insight", "internal/claim"}, // uses
	{"internal/request", "internal/evidence", "internal/incident"},
	{"internal/campaign", "internal/telling"},                                     // programs
	{"internal/collect", "internal/intake", "internal/portal", "internal/bounce"}, // edges
	{"internal/web", "internal/api"},                                              // edges that look after the other edges
	{"internal/config", "internal/mailbox", "internal/demo", "internal/backup"},   // what only the wiring needs
	{"internal/tour"}, // the demo's page over all of it
	{"internal/app"},  // wiring
	{"internal/cli", "internal/tool", "internal/browsertest", "internal/faulttest", "bench"},
	{"cmd/candor", "cmd/requirements", "cmd/mutate", "cmd/advisories", "cmd/release", "cmd/scale"},
}

// tierOf gives the room of a folder and its height, or "" when it has none.
func tierOf(dir string) (string, int) {
	for height, rooms := range tiers {
		for _, room := range rooms {
			if under(dir, room) {
				return room, height
			}
		}
	}
	return "", -1
}

func TestPackagesImportOnlyLowerTiers(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		room, height := tierOf(s.dir)
		if room == "" {
			t.Errorf("%s: package %s is in no tier; add it to the table", s.path, s.dir)
			continue
		}
		for _, imported := range s.imports() {
			dir, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			if other, h := tierOf(dir); other != room && h >= height {
				t.Errorf("%s: %s (tier %d) imports %s (tier %d); imports only go down", s.path, room, height, other, h)
			}
		}
	}
}

func TestTestHelpersStayInTests(t *testing.T) {
	helpers := []string{"internal/db/dbtest", "internal/browsertest", "internal/faulttest", "internal/web/webtest"}
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			dir := strings.TrimPrefix(imported, module+"/")
			for _, h := range helpers {
				if under(dir, h) && !s.isTest() && !under(s.dir, h) {
					t.Errorf("%s imports %s, which is for tests", s.path, h)
				}
			}
		}
	}
}

func TestOnlyTheGateImportsTheVault(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			if strings.HasPrefix(imported, module+"/internal/gate/internal") && !under(s.dir, "internal/gate") {
				t.Errorf("%s imports %s: only the gate has the keys", s.path, imported)
			}
		}
	}
}
