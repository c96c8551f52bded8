package client

import (
	"context"
	"strconv"
	"time"
)

// Charter is a version of the promise.
type Charter struct {
	Version    int64    `json:"version"`
	Effective  string   `json:"effective"`
	Hash       string   `json:"hash"`
	Controller string   `json:"controller"`
	Events     []string `json:"events"`
	Promise    string   `json:"promise"` // charter.yaml as it was applied
	Purposes   []struct {
		ID     string   `json:"id"`
		Fields []string `json:"fields"`
		Basis  string   `json:"basis"`
	} `json:"purposes"`
}

// Charter gives the charter in force.
func (c *Client) Charter(ctx context.Context) (Charter, error) {
	var out Charter
	return out, c.get(ctx, "/charter", &out)
}

// Telling is a run that counts, or tells, who must be told of what became wider
// or came from elsewhere.
type Telling struct {
	Version int64     `json:"charter_version"`
	Sends   bool      `json:"sends"`
	Owed    int64     `json:"owed"`       // people who must be told
	Mute    int64     `json:"no_address"` // of them, without an address that takes mail
	Told    int64     `json:"told"`
	Waiting int64     `json:"waiting"`
	Back    int64     `json:"came_back"` // mails that came back: their people are not told
	BegunAt time.Time `json:"begun_at"`
	EndedAt time.Time `json:"ended_at"` // zero while it runs
}

// Tell begins a run: one that counts, or, with send, one that tells those who were
// counted within a day. To write to many needs a second person's approval.
func (c *Client) Tell(ctx context.Context, send bool) (Telling, error) {
	var out Telling
	return out, c.post(ctx, "/charter/telling", map[string]any{"send": send}, &out)
}

// Telling gives the latest run.
func (c *Client) Telling(ctx context.Context) (Telling, error) {
	var out Telling
	return out, c.get(ctx, "/charter/telling", &out)
}

// CharterVersion gives a version of the charter, in force or not.
func (c *Client) CharterVersion(ctx context.Context, version int64) (Charter, error) {
	var out Charter
	return out, c.get(ctx, "/charter/versions/"+strconv.FormatInt(version, 10), &out)
}

// CharterVersion is a version in the list of all.
type CharterVersion struct {
	Version   int64     `json:"version"`
	Hash      string    `json:"hash"`
	Effective time.Time `json:"effective"`
	InForce   time.Time `json:"in_force"` // zero while it waits for its day
	Applied   time.Time `json:"applied"`
	By        string    `json:"by"`
}

// CharterVersions lists every version, the newest first.
func (c *Client) CharterVersions(ctx context.Context) ([]CharterVersion, error) {
	var out struct {
		Versions []CharterVersion `json:"versions"`
	}
	err := c.get(ctx, "/charter/versions", &out)
	return out.Versions, err
}

// CharterDocuments are a charter's two documents. With DryRun nothing is changed.
type CharterDocuments struct {
	Promise string `json:"promise"`
	House   string `json:"house"`
	DryRun  bool   `json:"dry_run,omitempty"`
}

// CharterApplied is what applying a charter did, or would do.
type CharterApplied struct {
	Version   int64  `json:"version"`
	Hash      string `json:"hash"`
	InForce   bool   `json:"in_force"`
	Effective string `json:"effective"`
	Unchanged bool   `json:"unchanged"`
	DryRun    bool   `json:"dry_run"`
	Widened   []struct {
		Purpose   string `json:"purpose"`
		Widenings []struct {
			Kind string `json:"kind"`
			What string `json:"what"`
		} `json:"widenings"`
	} `json:"widened"` // their consents rest until reconfirmed
}

// ApplyCharter puts a charter in force, or says what that would do. An error
// with the code charter_invalid names each problem in Mistakes.
func (c *Client) ApplyCharter(ctx context.Context, d CharterDocuments) (CharterApplied, error) {
	var out CharterApplied
	return out, c.post(ctx, "/charter", d, &out)
}
