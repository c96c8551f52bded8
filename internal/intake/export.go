package intake

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"candor/internal/audit"
	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/lists"
	"candor/internal/term"
)

// Export says that a file is a contact export of another tool, as candor audit
// reads them: its columns are guessed, people whom the tool must not write to are
// suppressed first, and those it writes to are taken over with the evidence that
// the export has.
//
//	source: mailchimp
//	export:
//	  purpose: letter
//	  given: Halm Coffee Roasters
//	  forms: {Footer form: signup}
//
// A list of people not to write to needs neither purpose nor given.
type Export struct {
	Purpose term.Purpose             // "" when the export holds nobody to write to
	Given   string                   // to whom they agreed; must name the controller
	Form    string                   // the ask they all signed up on, where no column says
	Forms   map[string]term.Ask      // what the file's names of forms stand for
	Name    string                   // the file's name, where it tells who is in it
	Columns map[string]lists.Meaning // corrects what columns are taken for
	Leave   []audit.Class            // rows of these classes stay where they are
	Attest  map[audit.Class]Attestation
}

// Attestation is what somebody who was there says of rows that do not say it
// themselves. Such evidence is attested, never documented.
type Attestation struct {
	By     string        `json:"by"`     // who says so
	Proof  string        `json:"proof"`  // where it can be seen
	Method string        `json:"method"` // how they agreed
	Form   string        `json:"form"`   // on which ask
	At     clock.Instant `json:"at"`     // by when all had agreed
}

const exportParts = "an export has purpose, given, form, forms, name, columns, leave and attest"

func readExport(v any) (*Export, error) {
	fields, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New(exportParts)
	}
	e := &Export{Name: "export", Columns: map[string]lists.Meaning{}}
	into := map[string]*string{"purpose": (*string)(&e.Purpose), "given": &e.Given, "form": &e.Form, "name": &e.Name}
	for name, v := range fields {
		words, isMap := v.(map[string]any)
		text, isText := v.(string)
		list, isList := v.([]any)
		switch {
		case name == "forms" && isMap:
			e.Forms = formsOf(words)
		case name == "columns" && isMap:
			for column, meaning := range words {
				e.Columns[column] = lists.Meaning(fmt.Sprint(meaning))
			}
		case name == "leave" && isList:
			for _, class := range list {
				e.Leave = append(e.Leave, audit.Class(fmt.Sprint(class)))
			}
		case name == "attest" && isMap:
			var err error
			if e.Attest, err = readAttestations(words); err != nil {
				return nil, err
			}
		case into[name] != nil && isText:
			*into[name] = text
		default:
			return nil, errors.New(exportParts)
		}
	}
	return e, nil
}

func readAttestations(v map[string]any) (map[audit.Class]Attestation, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out map[audit.Class]Attestation
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if d.Decode(&out) != nil {
		return nil, errors.New("an attestation has by, proof, method, form and at")
	}
	for _, a := range out {
		if err := a.check(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// check refuses an attestation that leaves something open (CON-14).
func (a Attestation) check() error {
	for name, missing := range map[string]bool{"by": a.By == "", "proof": len(a.Proof) < 4, "method": a.Method == "", "form": a.Form == "", "at": a.At == 0} {
		if missing {
			return errs.New(errs.Invalid, "attestation", "an attestation says by whom it is, where the proof is, how and on which form people agreed, and by when (CON-14)").On(name)
		}
	}
	return nil
}

// errNoPurpose refuses people to write to of whom nothing says for what.
var errNoPurpose = mappingError("an export says for which purpose the people in it agreed, and to whom: purpose and given (CON-14); only a list of people not to write to needs neither")

// check refuses an export that could not work.
func (e *Export) check(m *Mapping) error {
	if (e.Purpose == "") != (e.Given == "") {
		return errNoPurpose
	}
	if len(m.Columns)+len(m.Consents) > 0 || m.Event != "" {
		return mappingError("the columns of an export are guessed; correct them under export: columns, and leave columns, consents and event out")
	}
	if m.Purchased {
		return mappingError("a purchased list carries no permission (CON-14)")
	}
	return nil
}

// byEmail is the mapping under which an export's rows are judged.
func byEmail(source string) Mapping {
	return Mapping{Source: source, Columns: []Column{{Name: "email", As: "identity", What: string(customer.EmailAddress)}}}
}

// importExport takes an export over: suppressions first.
func (im *Importer) importExport(ctx context.Context, r io.ReadSeeker, o Options) (Report, error) {
	u, err := im.exportRun(ctx, o)
	if err != nil {
		return Report{}, err
	}
	if !o.DryRun {
		content, err := im.contentOf(r, o.Mapping)
		if err != nil {
			return Report{}, err
		}
		if err := im.begin(ctx, u, content); err != nil {
			return u.report, err
		}
		u.report.From = 0 // what was taken is taken again, which adds nothing
	}
	for _, pass := range []func(context.Context, []*lists.Sheet) error{u.suppress, u.subscribed} {
		if err = u.sheets(ctx, r, pass); err != nil {
			break
		}
	}
	if o.DryRun {
		return u.report, err
	}
	return u.report, errors.Join(err, im.end(context.WithoutCancel(ctx), u, err))
}

// suppressExport takes nothing of an export but whom not to write to.
func (im *Importer) suppressExport(ctx context.Context, r io.ReadSeeker, o Options) error {
	u, err := im.exportRun(ctx, o)
	if err != nil {
		return err
	}
	return u.sheets(ctx, r, u.suppress)
}

func (im *Importer) exportRun(ctx context.Context, o Options) (*run, error) {
	p, err := im.plan(ctx, byEmail(o.Mapping.Source), []string{"email"})
	if err != nil {
		return nil, err
	}
	if purpose := o.Mapping.Export.Purpose; purpose != "" {
		if _, ok := p.rules.Charter().Purpose(purpose); !ok {
			return nil, mappingError("the charter declares no purpose %q", purpose)
		}
	}
	if o.Together == nil {
		o.Together = newTogether()
	}
	return &run{im: im, o: o, plan: p, together: o.Together, report: noReport()}, nil
}

// sheets opens the lists of the export anew for a pass over them.
func (u *run) sheets(ctx context.Context, r io.ReadSeeker, pass func(context.Context, []*lists.Sheet) error) error {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	e := u.o.Mapping.Export
	sheets, err := lists.Open(lists.File{Name: e.Name, Content: &seeking{r: r}, Size: size})
	if err != nil {
		return err
	}
	found := map[string]bool{}
	for _, s := range sheets {
		missing, err := s.Correct(e.Columns)
		if err != nil {
			return errors.Join(err, lists.Close(sheets))
		}
		for name := range e.Columns {
			found[name] = true
		}
		for _, name := range missing {
			found[name] = found[name] && len(sheets) > 1
		}
	}
	for name, ok := range found {
		if !ok {
			return errors.Join(mappingError("the file has no column %q", name), lists.Close(sheets))
		}
	}
	return errors.Join(pass(ctx, sheets), lists.Close(sheets))
}

// seeking reads at places of what can only be sought.
type seeking struct {
	mu sync.Mutex
	r  io.ReadSeeker
}

// ReadAt implements io.ReaderAt.
func (s *seeking) ReadAt(p []byte, at int64) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.r.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(s.r, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}

// contacts goes over all rows.
func contacts(ctx context.Context, sheets []*lists.Sheet, each func(s *lists.Sheet, line int64, c lists.Contact, broken bool) error) error {
	for _, s := range sheets {
		for {
			cells, line, err := s.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			broken := errors.Is(err, lists.ErrRow)
			if err != nil && !broken {
				return err
			}
			if err := each(s, line, s.Contact(cells), broken); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// suppressBatch is how many addresses one transaction suppresses.
const suppressBatch = 200

// suppress takes everybody whom the tool must not write to, known here or not.
func (u *run) suppress(ctx context.Context, sheets []*lists.Sheet) error {
	var list []gate.EndpointSuppression
	flush := func() error {
		u.report.Suppressed += int64(len(list))
		part := list
		list = nil
		if u.o.DryRun || len(part) == 0 {
			return nil
		}
		return u.im.db.Write(ctx, func(tx *db.Tx) error {
			for _, s := range part {
				if err := u.im.gate.Suppress(tx, s); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := contacts(ctx, sheets, func(_ *lists.Sheet, _ int64, c lists.Contact, broken bool) error {
		address, err := customer.Email(c.Email)
		if broken || err != nil || !c.State.Suppressed() {
			return nil
		}
		u.stopped[keyOf(address)] = true
		list = append(list, gate.EndpointSuppression{
			Address: address, Controller: u.plan.rules.Charter().Business.ID, Reason: c.State.String(), Actor: u.o.Actor,
		})
		if len(list) == suppressBatch {
			return flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	return flush()
}

// subscribed takes those whom the tool writes to. Others are left where they
// are: there is no reason to hold them here.
func (u *run) subscribed(ctx context.Context, sheets []*lists.Sheet) error {
	err := contacts(ctx, sheets, func(s *lists.Sheet, line int64, c lists.Contact, broken bool) error {
		u.report.Rows++
		switch {
		case broken:
			u.fail(RowError{line, s.Name, BadRow})
		case c.State != lists.Subscribed:
			u.report.Skipped++
		case slices.Contains(u.o.Mapping.Export.Leave, audit.ClassOf(c)):
			u.report.Left++
		case u.o.Mapping.Export.Purpose == "":
			return errNoPurpose
		default:
			u.contact(s, line, c)
		}
		if len(u.pending) > batchSize {
			return u.hand(ctx, batchSize)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return u.hand(ctx, len(u.pending))
}

func (u *run) contact(s *lists.Sheet, line int64, c lists.Contact) {
	fields := map[string]any{}
	for _, f := range u.plan.rules.Charter().Fields {
		if f.Kind == charter.KindEmail {
			fields[string(f.ID)] = c.Email
		}
	}
	address, err := customer.Email(c.Email)
	if err != nil {
		u.fail(RowError{line, s.Name, errs.CodeOf(err)})
		return
	}
	r := row{identities: []customer.Identity{address}}
	if why := u.plan.readPerson(&r, fields, line); why != nil {
		u.fail(*why)
		return
	}
	act, why := u.plan.judge(u.claim(s, line, c))
	if why == "" || why == NotAffirmative {
		r.acts = append(r.acts, act)
	}
	if why != "" {
		u.withhold(RowError{line, s.Name, why})
	}
	u.pending = append(u.pending, u.person(r, line))
}

// claim is what an export says of how somebody came to be subscribed.
func (u *run) claim(s *lists.Sheet, line int64, c lists.Contact) claim {
	e := u.o.Mapping.Export
	cl := claim{
		purpose: e.Purpose, channel: term.Email, words: c.Words, form: c.Form, forms: e.Forms, method: c.Method, controller: e.Given,
		where: fmt.Sprintf("import from %s, %s, row %d", u.o.Mapping.Source, s.Tool, line),
	}
	if cl.form == "" {
		cl.form = e.Form
	}
	switch {
	case cl.method != "":
	case c.Double:
		cl.method = "double_opt_in"
	case c.From != "" || c.Form != "":
		cl.method = "form"
	}
	for _, t := range []time.Time{c.AgreedAt, c.ConfirmedAt, c.AddedAt} {
		// Without a confirmation only the time of signing up is one: tools write the
		// time of an import into the others.
		if !t.IsZero() && (c.Double || t.Equal(c.AgreedAt)) {
			cl.at = clock.At(t)
			break
		}
	}
	if c.Double {
		cl.proof = "the address was confirmed, as the export says"
	}
	if says, ok := e.Attest[audit.ClassOf(c)]; ok {
		says.complete(&cl)
	}
	return cl
}

// complete adds what the row does not say.
func (a Attestation) complete(cl *claim) {
	if cl.at != 0 && cl.method != "" && (cl.form != "" || cl.words != "") {
		return
	}
	if cl.at == 0 {
		cl.at = a.At
	}
	if cl.method == "" {
		cl.method = a.Method
	}
	if cl.form == "" && cl.words == "" {
		cl.form = a.Form
	}
	cl.proof, cl.where = "", fmt.Sprintf("%s, attested by %s: %s", cl.where, a.By, a.Proof)
}
