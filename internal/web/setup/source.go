package setup

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"candor/internal/collect"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ui"
	"candor/internal/web"
)

type sourcesPage struct{ Rows []sourceRow }

type sourceRow struct {
	ID     id.Source
	Name   string
	Class  string
	Mode   string
	Taken  int64
	Not    int64
	LastAt time.Time
	Status ui.Status
}

// showSources lists where data come in, with what arrived.
func (r *room) showSources(v *web.Visit) error {
	if v.WantsCSV() {
		return r.sourceTable(v)
	}
	var p sourcesPage
	err := v.Read(func(tx *db.Tx) error {
		list, err := r.Collector.Sources().List(tx)
		if err != nil {
			return err
		}
		for _, s := range list {
			counts, err := r.Collector.Counts(tx, s.ID)
			if err != nil {
				return err
			}
			p.Rows = append(p.Rows, sourceLine(v, s, counts))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return web.Show(v, r.pages.sources, web.Head{Title: "Sources",
		Intro:   "Websites, apps and servers that send data, each under a key of its own. What the charter does not declare is dropped at the door.",
		Actions: []ui.Link{v.CSVLink(), {Text: "New source", URL: "/admin/setup/sources/new", Current: true}}}, p)
}

// sourceTable is what arrived at each source, and what was dropped by name, as a
// table.
func (r *room) sourceTable(v *web.Visit) error {
	return v.CSV("sources", []string{"source", "name", "class", "mode", "what", "of", "number", "last"}, func(string) (lines [][]string, _ string, err error) {
		err = v.Read(func(tx *db.Tx) error {
			lines = nil
			list, err := r.Collector.Sources().List(tx)
			if err != nil {
				return err
			}
			for _, s := range list {
				counts, err := r.Collector.Counts(tx, s.ID)
				if err != nil {
					return err
				}
				for _, c := range counts {
					lines = append(lines, []string{s.ID.String(), s.Name, string(s.Class), string(s.Mode), string(c.Kind), c.Name, strconv.FormatInt(c.N, 10), c.LastAt.String()})
				}
			}
			return nil
		})
		return lines, "", err
	})
}

func sourceLine(v *web.Visit, s collect.Source, counts []collect.Count) sourceRow {
	row := sourceRow{ID: s.ID, Name: s.Name, Class: string(s.Class), Mode: string(s.Mode), Status: ui.Status{Tone: ui.Good, Text: "in use"}}
	for _, c := range counts {
		switch c.Kind {
		case collect.Accepted:
			row.Taken += c.N
		case collect.Dropped, collect.DroppedEvent, collect.Quarantined, collect.Refused:
			row.Not += c.N
		}
		if at := v.Local(c.LastAt); at.After(row.LastAt) {
			row.LastAt = at
		}
	}
	switch {
	case s.RevokedAt != 0:
		row.Status = ui.Status{Tone: ui.Bad, Text: "revoked"}
	case s.Mode == collect.Test:
		row.Status = ui.Status{Tone: ui.Info, Text: "test: stores nothing"}
	case row.Taken == 0:
		row.Status = ui.Status{Tone: ui.Plain, Text: "nothing arrived yet"}
	}
	return row
}

type sourcePage struct {
	ID      id.Source
	Facts   []ui.Fact
	Figures []figure
	Seen    []seenRow
	Live    string // where news is told
	Counts  []countRow
	Dropped []countRow
	Install []install
	Open    bool
	Twin    string    // where the live key of a test source is made
	Secret  *ui.Field // of a shop, to put another in place
}

// figure is a number at a glance.
type figure struct{ Name, Number, Note, URL string }

type countRow struct {
	What   string
	Name   string
	N      int64
	LastAt time.Time
}

// seenRow is a message that arrived just now, by names.
type seenRow struct {
	At            time.Time
	What          string
	Kept, Dropped []string
	Status        ui.Status
}

// countWords say what a counter counts.
var countWords = map[collect.CountKind]string{
	collect.Accepted: "Taken", collect.Duplicate: "Sent twice", collect.Quarantined: "In quarantine", collect.Refused: "Refused", collect.NotStored: "Test, not stored",
	collect.Dropped: "Property dropped", collect.DroppedEvent: "Event dropped", collect.Scanned: "Held back: card or health data",
	collect.RefusedID: "User id refused", collect.Noted: "Left out", collect.NothingLeft: "Nothing left to store",
}

func (r *room) find(tx *db.Tx, v *web.Visit) (collect.Source, error) {
	which, err := id.Parse[id.Source](v.R.PathValue("source"))
	if err == nil {
		var list []collect.Source
		if list, err = r.Collector.Sources().List(tx); err != nil {
			return collect.Source{}, err
		}
		for _, s := range list {
			if s.ID == which {
				return s, nil
			}
		}
	}
	return collect.Source{}, errs.New(errs.NotFound, "no_such_source", "there is no such source")
}

// source reads the source that the address names.
func (r *room) source(v *web.Visit) (s collect.Source, err error) {
	err = v.Read(func(tx *db.Tx) (err error) {
		s, err = r.find(tx, v)
		return err
	})
	return s, err
}

// showSource shows what arrives from a source, by name and never by value.
func (r *room) showSource(v *web.Visit) error { return r.renderSource(v, web.Head{}, nil) }

func (r *room) renderSource(v *web.Visit, h web.Head, wrong error) error {
	var p sourcePage
	var s collect.Source
	if err := r.Collector.Flush(v.Context()); err != nil {
		return err
	}
	err := v.Read(func(tx *db.Tx) (err error) {
		if s, err = r.find(tx, v); err != nil {
			return err
		}
		counts, err := r.Collector.Counts(tx, s.ID)
		if err != nil {
			return err
		}
		p = sourcePage{}
		p.count(v, s, counts)
		return nil
	})
	if err != nil {
		return err
	}
	p.ID, p.Open, p.Live = s.ID, s.RevokedAt == 0, sourceURL(s)+"/live"
	if p.Open && s.Mode == collect.Test {
		p.Twin = "/admin/setup/sources/new?" + url.Values{"name": {s.Name}, "class": {string(s.Class)}, "mode": {"live"}, "namespace": {s.Namespace}, "origins": {strings.Join(s.Origins, "\n")}}.Encode()
	}
	p.Facts = []ui.Fact{
		{Term: "Key", Text: string(s.Class), Note: keyNote(s)},
		{Term: "Mode", Text: string(s.Mode)},
		{Term: "User ids of", Text: s.Namespace},
		{Term: "Notice shown there", Text: "version " + ui.Number("en", s.NoticeVersion)},
		{Term: "Made", Text: ui.When("en", v.Local(s.CreatedAt))},
	}
	if len(s.Origins) > 0 {
		p.Facts = append(p.Facts, ui.Fact{Term: "Origins", Text: strings.Join(s.Origins, ", ")})
	}
	seen, _ := r.Collector.Watch(s.ID)
	for _, m := range seen {
		p.Seen = append(p.Seen, seenLine(v, m))
	}
	p.Install = r.installs(s)
	if p.Open && shopKits[s.Class] != nil {
		p.Secret = secretField(wrong)
	}
	h.Title, h.Crumb = s.Name, &ui.Link{Text: "Sources", URL: "/admin/setup"}
	return web.Show(v, r.pages.source, h, p)
}

func sourceURL(s collect.Source) string { return "/admin/setup/sources/" + s.ID.String() }

// count sorts the counters of a source.
func (p *sourcePage) count(v *web.Visit, s collect.Source, counts []collect.Count) {
	sum := map[collect.CountKind]int64{}
	for _, c := range counts {
		sum[c.Kind] += c.N
		row := countRow{countWords[c.Kind], c.Name, c.N, v.Local(c.LastAt)}
		switch c.Kind {
		case collect.Dropped, collect.DroppedEvent, collect.Scanned:
			p.Dropped = append(p.Dropped, row)
		case collect.Accepted, collect.Duplicate:
		default:
			p.Counts = append(p.Counts, row)
		}
	}
	number := func(kind collect.CountKind) string { return ui.Number("en", sum[kind]) }
	p.Figures = []figure{{Name: "Taken", Number: number(collect.Accepted)}, {Name: "Sent twice", Number: number(collect.Duplicate), Note: "counted once"},
		{Name: "In quarantine, ever", Number: number(collect.Quarantined), Note: "look and try again", URL: sourceURL(s) + "/quarantine"}, {Name: "Refused", Number: number(collect.Refused)}}
	if s.Mode == collect.Test {
		p.Figures[0] = figure{Name: "Checked, not stored", Number: number(collect.NotStored)}
	}
}

func seenLine(v *web.Visit, m collect.Seen) seenRow {
	row := seenRow{At: v.Local(m.At), What: m.Call, Kept: m.Kept, Dropped: m.Dropped, Status: ui.Status{Tone: ui.Good, Text: "taken"}}
	if m.Event != "" {
		row.What += ": " + m.Event
	}
	switch m.Outcome {
	case collect.SeenHeld:
		row.Status = ui.Status{Tone: ui.Warn, Text: "quarantine: " + string(m.Why)}
	case collect.SeenLeft:
		row.Status = ui.Status{Tone: ui.Plain, Text: "nothing of it is declared"}
	case collect.SeenNot:
		row.Status = ui.Status{Tone: ui.Bad, Text: "refused: " + string(m.Why)}
	}
	return row
}

// streamSource tells an open page that something arrived.
func (r *room) streamSource(v *web.Visit) error {
	s, err := r.source(v)
	if err != nil {
		return err
	}
	return v.Stream(func() <-chan struct{} {
		_, news := r.Collector.Watch(s.ID)
		return news
	})
}

func keyNote(s collect.Source) string {
	switch s.Class {
	case collect.Public:
		return "In every visitor's browser: what it sends is a claim until it is proven."
	case collect.Server:
		return "A secret of yours: only a digest is kept."
	}
	return "Signs the shop's webhooks; kept sealed."
}

// revokeSource ends a key for good.
func (r *room) revokeSource(v *web.Visit) error {
	s, err := r.source(v)
	if err != nil {
		return err
	}
	if err := r.Collector.Sources().Revoke(v.Context(), s.ID); err != nil {
		return err
	}
	return v.Done("/admin/setup", "The key is revoked. What it sends is refused from now on.")
}

type quarantinePage struct {
	Source id.Source
	Rows   []heldRow
	Pages  ui.Pages
}

type heldRow struct {
	ID     id.Quarantine
	At     time.Time
	Reason string
	Field  string
	Size   int64
}

const perPage = 50

// showQuarantine lists what could not be taken, by reason and field. The values
// stay sealed.
func (r *room) showQuarantine(v *web.Visit) error {
	if v.WantsCSV() {
		return r.quarantineTable(v)
	}
	after, _ := id.Parse[id.Quarantine](v.Form("after"))
	var p quarantinePage
	var s collect.Source
	err := v.Read(func(tx *db.Tx) (err error) {
		if s, err = r.find(tx, v); err != nil {
			return err
		}
		p.Source = s.ID
		held, err := r.Collector.Quarantine(tx, s.ID, after, perPage+1)
		if err != nil {
			return err
		}
		if len(held) > perPage {
			held = held[:perPage]
			p.Pages.Next = v.With("after", held[perPage-1].ID.String())
		}
		for _, h := range held {
			p.Rows = append(p.Rows, heldRow{h.ID, v.Local(h.ReceivedAt), string(h.Reason), h.Field, int64(h.Size)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	return web.Show(v, r.pages.quarantine, web.Head{Title: "Quarantine of " + s.Name, Crumb: &ui.Link{Text: s.Name, URL: "/admin/setup/sources/" + s.ID.String()}, Actions: []ui.Link{v.CSVLink()},
		Intro: "Messages that could not be taken, kept sealed for a week. Mend the cause, or declare more in the charter, and try them again."}, p)
}

// quarantineTable is the list as a table, without any value.
func (r *room) quarantineTable(v *web.Visit) error {
	s, err := r.source(v)
	if err != nil {
		return err
	}
	return v.CSV("quarantine", []string{"message", "received", "reason", "field", "bytes"}, func(after string) (lines [][]string, next string, err error) {
		from, _ := id.Parse[id.Quarantine](after)
		err = v.Read(func(tx *db.Tx) error {
			held, err := r.Collector.Quarantine(tx, s.ID, from, perPage)
			lines, next = nil, ""
			for _, h := range held {
				lines = append(lines, []string{h.ID.String(), h.ReceivedAt.String(), string(h.Reason), h.Field, strconv.FormatInt(h.Size, 10)})
			}
			if len(held) == perPage {
				next = held[perPage-1].ID.String()
			}
			return err
		})
		return lines, next, err
	})
}

// replay tries what is in quarantine again.
func (r *room) replay(v *web.Visit) error {
	s, err := r.source(v)
	if err != nil {
		return err
	}
	done, err := r.Collector.Replay(v.Context(), s.ID)
	if err != nil {
		return err
	}
	return v.Done("/admin/setup/sources/"+s.ID.String()+"/quarantine", "Taken: "+ui.Number("en", int64(done.Taken))+". Still not in order: "+ui.Number("en", int64(done.Kept))+".")
}
