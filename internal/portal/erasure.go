package portal

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"slices"

	"candor/internal/claim"
	"candor/internal/clock"
	"candor/internal/consent"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/event"
	"candor/internal/id"
	"candor/internal/request"
	"candor/internal/term"
	"candor/internal/ui"
)

const certificateToken = "certificate"

type erasePage struct {
	Stores []string
	Claims *claim.Kept // what will be kept for claims; nil for nothing
	Sure   ui.Choice
}

type certificatePage struct {
	Done       bool
	At         clock.Instant
	Stores     []request.Step
	BackupEnds clock.Instant
	Claims     *claim.Kept
	Receipt    string
}

func (p *Portal) showErase(w http.ResponseWriter, r *http.Request) error {
	return p.renderErase(w, r, http.StatusOK, "")
}

func (p *Portal) renderErase(w http.ResponseWriter, r *http.Request, status int, wrong string) error {
	v, err := p.reader(r)
	if err != nil {
		return err
	}
	f := p.intro(p.frame(r, "erase"), "erase-lead")
	f.Nav = p.nav(f.Lang, "erase")
	data := erasePage{Sure: ui.Choice{ID: "sure", Name: "sure", Value: "yes", Label: p.say(f.Lang, "erase-box"), Required: true, Error: wrong}}
	err = p.DB.Read(r.Context(), func(tx *db.Tx) error {
		stores, err := p.Desk.Holding(tx, v.customer)
		if err != nil {
			return err
		}
		data.Stores = nil
		for _, s := range stores {
			data.Stores = append(data.Stores, p.say(f.Lang, "store-"+s))
		}
		kept, err := p.Desk.Keeps(tx, v.customer)
		if errs.Is(err, errs.NotFound) {
			return nil
		}
		data.Claims = &kept
		return err
	})
	if err != nil {
		return err
	}
	return p.pages.erase.Render(w, status, f, data)
}

// erase starts the erasure and leads to the page that will show its certificate.
func (p *Portal) erase(w http.ResponseWriter, r *http.Request) error {
	v, err := p.reader(r)
	if err != nil {
		return err
	}
	lang := language(r)
	if r.PostFormValue("sure") != "yes" {
		return p.renderErase(w, r, http.StatusUnprocessableEntity, p.say(lang, "erase-missing"))
	}
	req, err := p.Desk.Erase(r.Context(), request.NewErasure{Customer: v.customer, Via: "portal", Actor: term.ByCustomer, Lang: lang})
	if err != nil {
		return err
	}
	p.setCookie(w, sessionCookie, "", -1)
	return redirect(w, r, p.CertificateURL(req.ID)+"?lang="+string(lang))
}

// CertificateURL is where the certificate of an erasure is shown.
func (p *Portal) CertificateURL(r id.Request) string {
	return p.URL + "/privacy/erased/" + p.Ring.SealToken(certificateToken, binary.BigEndian.AppendUint64(nil, uint64(r)))
}

func (p *Portal) openCertificate(r *http.Request) (id.Request, error) {
	b, err := p.Ring.OpenToken(certificateToken, r.PathValue("token"))
	if err != nil || len(b) != 8 {
		return 0, errs.New(errs.NotFound, "bad_link", "this link is not valid")
	}
	return id.Request(binary.BigEndian.Uint64(b)), nil
}

func (p *Portal) showCertificate(w http.ResponseWriter, r *http.Request) error {
	number, err := p.openCertificate(r)
	if err != nil {
		return err
	}
	f := p.frame(r, "erased")
	c, err := p.Desk.Certificate(r.Context(), number)
	if errs.Is(err, errs.Conflict) {
		return p.pages.certificate.Render(w, http.StatusOK, f, certificatePage{})
	}
	if err != nil {
		return err
	}
	f.Title = p.say(f.Lang, "certificate-title")
	stores := slices.DeleteFunc(c.Stores, func(s request.Step) bool { return s.Removed == 0 && s.Store != request.LeftStep })
	for i := range stores {
		stores[i].Store = p.say(f.Lang, "store-"+stores[i].Store)
	}
	return p.pages.certificate.Render(w, http.StatusOK, f, certificatePage{Done: true, At: c.Erased, Stores: stores,
		BackupEnds: c.BackupEnds, Claims: c.Claims, Receipt: r.URL.Path + "/receipt"})
}

// certificateReceipt gives the certificate as it stands in the ledger, with its
// proof.
func (p *Portal) certificateReceipt(w http.ResponseWriter, r *http.Request) error {
	number, err := p.openCertificate(r)
	if err != nil {
		return err
	}
	c, err := p.Desk.Certificate(r.Context(), number)
	if err != nil {
		return err
	}
	proof, err := p.Ledger.Proof(r.Context(), c.Entry)
	if err != nil {
		return err
	}
	return sendJSON(w, "erasure-certificate.json", json.RawMessage(proof.Receipt))
}

// onlyAForm reports whether nothing is known of a customer but a form that was
// never confirmed, or to which no parent agreed: no event, no agreement, no
// refusal.
func (p *Portal) onlyAForm(ctx context.Context, c id.Customer, parent bool) (bool, error) {
	only := false
	err := p.DB.Read(ctx, func(tx *db.Tx) error {
		records, err := consent.Of(tx, c)
		if err != nil {
			return err
		}
		for _, r := range records {
			own := parent && (r.Kind == consent.Given && r.Method == consent.ByConfirmed || r.Kind == consent.Refused && r.Method == consent.ByParent)
			if r.Kind != consent.Requested && !own {
				return nil
			}
		}
		events, err := event.Latest(tx, c, 1)
		only = err == nil && len(events) == 0
		return err
	})
	return only, err
}
