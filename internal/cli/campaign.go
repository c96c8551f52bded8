package cli

import (
	"bytes"
	"context"
	_ "embed" // the example of a campaign
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"candor/client"
	"candor/internal/errs"
	"candor/internal/strict/yamldoc"
)

type campaignCmd struct {
	Example campaignExampleCmd `cmd:"" help:"Print a campaign to start from."`
	Draft   campaignDraftCmd   `cmd:"" help:"Draft a campaign from a file, or change a draft."`
	List    campaignListCmd    `cmd:"" help:"List campaigns, the newest first."`
	Show    campaignShowCmd    `cmd:"" help:"How far a campaign is, and what became of its messages."`
	Check   campaignCheckCmd   `cmd:"" help:"What must be fixed before a launch."`
	Try     campaignTryCmd     `cmd:"" help:"Send it, for an invented reader, to the member of staff who made the token."`
	Launch  campaignLaunchCmd  `cmd:"" help:"Say whom it would reach; with --send, approve it and send."`
	Pause   campaignPauseCmd   `cmd:"" help:"Keep what has not left from leaving."`
	Resume  campaignResumeCmd  `cmd:"" help:"Go on after a pause."`
	Cancel  campaignCancelCmd  `cmd:"" help:"Stop for good; what has not left never will."`
}

//go:embed campaign.yaml
var campaignExample string

type campaignExampleCmd struct{}

func (campaignExampleCmd) Run(e *env) error {
	_, err := io.WriteString(e.out, campaignExample)
	return err
}

type campaignDraftCmd struct {
	remote
	File   string `arg:"" help:"The campaign as YAML or JSON, or - for standard input; candor campaign example prints one."`
	Change string `placeholder:"CAMPAIGN" help:"Change this draft instead of making one."`
}

func (c campaignDraftCmd) Run(e *env) error {
	d, err := readDraft(e, c.File)
	if err != nil {
		return err
	}
	s, err := c.open()
	if err != nil {
		return err
	}
	var made client.Campaign
	if c.Change != "" {
		made, err = s.EditCampaign(e.ctx, c.Change, d)
	} else {
		made, err = s.CreateCampaign(e.ctx, d)
	}
	if err != nil {
		return err
	}
	return e.print(made, fmt.Sprintf("%s is drafted. Next: candor campaign check %s\n", made.ID, made.ID))
}

// maxDraft bounds a campaign's file.
const maxDraft = 1 << 20

// readDraft reads a campaign, strictly: a name that no campaign has is a mistake
// to hear of.
func readDraft(e *env, name string) (client.Draft, error) {
	b, err := readInput(e, name)
	if err != nil {
		return client.Draft{}, err
	}
	hint := "candor campaign example prints one"
	root, faults := yamldoc.Read(b, maxDraft)
	if len(faults) > 0 {
		return client.Draft{}, hinted(errs.New(errs.Invalid, "bad_campaign", "the campaign cannot be read: %s", faults[0]), hint)
	}
	b, err = json.Marshal(yamldoc.Value(root))
	if err != nil {
		return client.Draft{}, err
	}
	var d client.Draft
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return client.Draft{}, hinted(errs.New(errs.Invalid, "bad_campaign", "the campaign is not as expected: %s", strings.TrimPrefix(err.Error(), "json: ")), hint)
	}
	return d, nil
}

type campaignListCmd struct {
	remote
	Limit  int    `default:"20" help:"How many."`
	Cursor string `help:"Where to go on, as the page before said."`
}

func (c campaignListCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	p, err := s.Campaigns(e.ctx, c.Cursor, c.Limit)
	if err != nil {
		return err
	}
	if len(p.Campaigns) == 0 {
		return e.print(p, "There is no campaign yet. Start with: candor campaign example > letter.yaml\n")
	}
	rows := []string{"campaign\tstate\tpurpose\tmade\tname"}
	for _, x := range p.Campaigns {
		rows = append(rows, strings.Join([]string{x.ID, stateOf(x), x.Purpose, when(x.CreatedAt), x.Name}, "\t"))
	}
	return e.print(p, columns(rows...)+more(p.Next))
}

func stateOf(c client.Campaign) string {
	if c.State == "paused" && c.Reason != "" {
		return c.State + ": " + c.Reason
	}
	return c.State
}

// oneCampaign is a command about one campaign.
type oneCampaign struct {
	remote
	Campaign string `arg:"" help:"The campaign's id, cam_..., or last for the newest."`
}

// which gives the client and the campaign's id.
func (c oneCampaign) which(e *env) (*client.Client, string, error) {
	s, err := c.open()
	if err != nil || c.Campaign != "last" {
		return s, c.Campaign, err
	}
	p, err := s.Campaigns(e.ctx, "", 1)
	if err == nil && len(p.Campaigns) == 0 {
		err = hinted(errs.New(errs.NotFound, "no_such_campaign", "there is no campaign yet"), "candor campaign example > letter.yaml, then candor campaign draft letter.yaml")
	}
	if err != nil {
		return nil, "", err
	}
	return s, p.Campaigns[0].ID, nil
}

type campaignShowCmd struct{ oneCampaign }

func (c campaignShowCmd) Run(e *env) error {
	s, id, err := c.which(e)
	if err != nil {
		return err
	}
	got, err := s.Campaign(e.ctx, id)
	if err != nil {
		return err
	}
	p, err := s.Progress(e.ctx, id)
	if err != nil {
		return err
	}
	return e.print(map[string]any{"campaign": got, "progress": p}, campaignText(got, p))
}

func campaignText(c client.Campaign, p client.Progress) string {
	rows := []string{"campaign\t" + c.ID + " " + c.Name, "state\t" + stateOf(c), "purpose\t" + c.Purpose + " by " + c.Channel, "audience\t" + orDash(c.Audience)}
	if !c.LaunchedAt.IsZero() {
		rows = append(rows, "launched\t"+when(c.LaunchedAt))
	}
	for _, n := range []struct {
		what string
		n    int64
	}{{"planned", p.Planned}, {"waiting", p.Waiting}, {"handed over", p.Handed}, {"accepted", p.Accepted}, {"refused", p.Refused},
		{"came back", p.Returned}, {"called spam", p.Spam}, {"uncertain", p.Uncertain}, {"held out", p.HeldOut}, {"cancelled", p.Cancelled}, {"left before a withdrawal", p.Left}, {"found it too personal", p.Too}} {
		if n.n > 0 || n.what == "planned" || n.what == "accepted" {
			rows = append(rows, fmt.Sprintf("%s\t%d", n.what, n.n))
		}
	}
	for _, code := range slices.Sorted(maps.Keys(p.Denied)) {
		rows = append(rows, fmt.Sprintf("denied at the last moment\t%d %s", p.Denied[code], code))
	}
	return columns(rows...)
}

type campaignCheckCmd struct{ oneCampaign }

func (c campaignCheckCmd) Run(e *env) error {
	s, id, err := c.which(e)
	if err != nil {
		return err
	}
	list, err := s.CheckCampaign(e.ctx, id)
	if err != nil {
		return err
	}
	failed := failures(list)
	text := checksText(list)
	if failed == 0 {
		text += "\nNext: candor campaign launch " + id + " says whom it would reach.\n"
	}
	if err := e.print(map[string]any{"checks": list}, text); err != nil || failed == 0 {
		return err
	}
	return errCheck(failed)
}

func errCheck(failed int) error {
	return hinted(errs.New(errs.Invalid, "campaign_checks", "%d checks fail", failed), "change the file, then: candor campaign draft FILE --change CAMPAIGN")
}

func failures(list []client.Check) (n int) {
	for _, c := range list {
		if !c.OK {
			n++
		}
	}
	return n
}

func checksText(list []client.Check) string {
	var b strings.Builder
	for _, c := range list {
		if c.OK {
			b.WriteString("  good  " + c.Name)
			if c.Note != "" {
				b.WriteString(": " + c.Note)
			}
			b.WriteByte('\n')
			continue
		}
		fmt.Fprintf(&b, "  fix   %s: %s\n", c.Name, c.Fix)
	}
	return b.String()
}

type campaignLaunchCmd struct {
	oneCampaign
	Send bool `help:"Send. Without it, nothing happens but counting."`
}

// Run counts first. Whoever launches has seen how many people it reaches.
func (c campaignLaunchCmd) Run(e *env) error {
	s, id, err := c.which(e)
	if err != nil {
		return err
	}
	list, err := s.CheckCampaign(e.ctx, id)
	if err != nil {
		return err
	}
	if n := failures(list); n > 0 {
		if err := e.print(map[string]any{"checks": list, "sent": false}, checksText(list)); err != nil {
			return err
		}
		return errCheck(n)
	}
	reach, err := s.Reach(e.ctx, id)
	if err != nil {
		return err
	}
	if !c.Send {
		return e.print(map[string]any{"checks": list, "reach": reach, "sent": false},
			funnelText(reach)+"\nNothing was sent. To send: candor campaign launch "+id+" --send\n")
	}
	got, err := s.Launch(e.ctx, id)
	if err != nil {
		return err
	}
	return e.print(map[string]any{"campaign": got, "reach": reach, "sent": true},
		fmt.Sprintf("%s is launched for %s. Watch: candor campaign show %s\n", got.Name, people(reach.Reachable.Shown), got.ID))
}

func people(shown string) string {
	if shown == "1" {
		return "1 person"
	}
	return shown + " people"
}

type campaignTryCmd struct {
	oneCampaign
	Lang     string `placeholder:"LANG" help:"Of the text, such as de; the charter's first when left out."`
	Stranger bool   `help:"For a reader about whom nothing is known."`
}

func (c campaignTryCmd) Run(e *env) error {
	s, id, err := c.which(e)
	if err != nil {
		return err
	}
	if err := s.Try(e.ctx, id, c.Lang, !c.Stranger); err != nil {
		return err
	}
	return e.print(map[string]string{"campaign_id": id}, "It is on its way to the address of whoever made the token.\n")
}

type campaignPauseCmd struct{ oneCampaign }

func (c campaignPauseCmd) Run(e *env) error { return c.step(e, (*client.Client).Pause) }

type campaignResumeCmd struct{ oneCampaign }

func (c campaignResumeCmd) Run(e *env) error { return c.step(e, (*client.Client).Resume) }

type campaignCancelCmd struct{ oneCampaign }

func (c campaignCancelCmd) Run(e *env) error { return c.step(e, (*client.Client).Cancel) }

func (c oneCampaign) step(e *env, do func(*client.Client, context.Context, string) (client.Campaign, error)) error {
	s, id, err := c.which(e)
	if err != nil {
		return err
	}
	got, err := do(s, e.ctx, id)
	if err != nil {
		return err
	}
	return e.print(got, got.Name+": "+stateOf(got)+"\n")
}
