package trust

import (
	"bytes"
	"encoding/hex"
	"encoding/json"

	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/ledger"
	"candor/internal/ui"
	"candor/internal/web"
)

type entryPage struct {
	Facts   []ui.Fact
	Content string
	Proof   string // a C2SP tlog-proof, "" while it is pending
	Receipt string // where the receipt is
	Verify  string // how to check it elsewhere
}

func entryOf(v *web.Visit) (id.Entry, error) {
	e, err := id.Parse[id.Entry](v.R.PathValue("entry"))
	if err != nil {
		return 0, errs.New(errs.NotFound, "no_such_entry", "there is no such ledger entry")
	}
	return e, nil
}

// showEntry shows an entry with its proof.
func (r *room) showEntry(v *web.Visit) error {
	e, err := entryOf(v)
	if err != nil {
		return err
	}
	row, err := r.Ledger.Get(v.Context(), e)
	if err != nil {
		return err
	}
	p := entryPage{Content: pretty(row.Content), Facts: []ui.Fact{
		{Term: "What happened", Text: WordsOf(row.Kind), Note: "Recorded as " + string(row.Kind) + "."},
		{Term: "Time", Text: ui.When("en", v.Local(row.At))},
		{Term: "Salted commitment", Text: hex.EncodeToString(row.Commit)},
	}}
	proof, err := r.Ledger.Proof(v.Context(), e)
	switch {
	case errs.CodeOf(err) == ledger.ProofPending:
		p.Facts = append(p.Facts, ui.Fact{Term: "Leaf", Text: "follows in a second", Status: &ui.Status{Tone: ui.Warn, Text: "proof pending"}})
	case errs.CodeOf(err) == ledger.Expired:
		p.Facts = append(p.Facts, ui.Fact{Term: "Leaf", Text: ui.Number("en", row.Pos), Note: "It stays, and proves a receipt that somebody holds.", Status: &ui.Status{Tone: ui.Plain, Text: "content past its retention deleted"}})
	case err != nil:
		return err
	default:
		p.Facts = append(p.Facts, ui.Fact{Term: "Leaf", Text: ui.Number("en", row.Pos) + " of " + ui.Number("en", proof.Size), Status: &ui.Status{Tone: ui.Good, Text: "proven"}})
		p.Proof, p.Receipt = proof.Proof.String(), "/admin/trust/entries/"+e.String()+"/receipt"
		p.Verify = "candor verify receipt.json --origin " + r.Ledger.Origin() + " --key '" + r.Ledger.VerifierKey() + "'"
	}
	return web.Show(v, r.pages.entry, web.Head{Title: "Entry " + e.String(), Crumb: &ui.Link{Text: "Ledger", URL: "/admin/trust"}}, p)
}

func pretty(raw json.RawMessage) string {
	var out bytes.Buffer
	if json.Indent(&out, raw, "", "  ") != nil {
		return ""
	}
	return out.String()
}

// receipt hands out what candor verify reads.
func (r *room) receipt(v *web.Visit) error {
	e, err := entryOf(v)
	if err != nil {
		return err
	}
	proof, err := r.Ledger.Proof(v.Context(), e)
	if err != nil {
		return err
	}
	return v.File("receipt.json", "application/json", proof.Receipt)
}
