package setup

import (
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
		Actions: []ui.Link{{Text: "New source", URL: "/admin/setup/sources/new", Current: true}}}, p)
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
	Counts  []countRow
	Dropped []countRow
	Held    int64
	Install []install
	Open    bool
}

type countRow struct {
	What   string
	Name   string
	N      int64
	LastAt time.Time
}

// install says how a kind of SDK is set up.
type install struct{ Title, Text string }

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

// showSource shows what arrives from a source, by name and never by value.
func (r *room) showSource(v *web.Visit) error {
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
		for _, c := range counts {
			row := countRow{countWords[c.Kind], c.Name, c.N, v.Local(c.LastAt)}
			switch c.Kind {
			case collect.Dropped, collect.DroppedEvent:
				p.Dropped = append(p.Dropped, row)
			default:
				p.Counts = append(p.Counts, row)
			}
			if c.Kind == collect.Quarantined {
				p.Held += c.N
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.ID, p.Open = s.ID, s.RevokedAt == 0
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
	p.Install = r.installs(s)
	return web.Show(v, r.pages.source, web.Head{Title: s.Name, Crumb: &ui.Link{Text: "Sources", URL: "/admin/setup"}}, p)
}

func keyNote(s collect.Source) string {
	if s.Class == collect.Public {
		return "In every visitor's browser: what it sends is a claim until it is proven."
	}
	return "A secret of yours: only a digest is kept."
}

// installs says how to send from the usual kits.
func (r *room) installs(s collect.Source) []install {
	if s.Class == collect.Public {
		return []install{
			{"Analytics.js (any Segment SDK for browsers)", "analytics.load({\n  writeKey: \"" + web.KeyMark + "\",\n  cdnURL: \"" + r.URL + "\"\n}, { integrations: { \"Segment.io\": { apiHost: \"" + host(r.URL) + "/v1\" } } })"},
		}
	}
	return []install{
		{"Node", "new Analytics({ writeKey: \"" + web.KeyMark + "\", host: \"" + r.URL + "\" })"},
		{"Python", "analytics.write_key = \"" + web.KeyMark + "\"\nanalytics.host = \"" + r.URL + "\""},
		{"curl", "curl -u " + web.KeyMark + ": -H 'Content-Type: application/json' \\\n  -d '{\"userId\":\"1234\",\"event\":\"Order Completed\",\"properties\":{}}' \\\n  " + r.URL + "/v1/track"},
	}
}

func host(url string) string {
	_, h, _ := strings.Cut(url, "://")
	return h
}

// revokeSource ends a key for good.
func (r *room) revokeSource(v *web.Visit) error {
	var s collect.Source
	err := v.Read(func(tx *db.Tx) (err error) {
		s, err = r.find(tx, v)
		return err
	})
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
	return web.Show(v, r.pages.quarantine, web.Head{Title: "Quarantine of " + s.Name, Crumb: &ui.Link{Text: s.Name, URL: "/admin/setup/sources/" + s.ID.String()},
		Intro: "Messages that could not be taken, kept sealed for a week. Mend the cause, or declare more in the charter, and try them again."}, p)
}

// replay tries what is in quarantine again.
func (r *room) replay(v *web.Visit) error {
	var s collect.Source
	err := v.Read(func(tx *db.Tx) (err error) {
		s, err = r.find(tx, v)
		return err
	})
	if err != nil {
		return err
	}
	done, err := r.Collector.Replay(v.Context(), s.ID)
	if err != nil {
		return err
	}
	return v.Done("/admin/setup/sources/"+s.ID.String()+"/quarantine", "Taken: "+ui.Number("en", int64(done.Taken))+". Still not in order: "+ui.Number("en", int64(done.Kept))+".")
}
