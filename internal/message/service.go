package message

import (
	"encoding/hex"
	"encoding/json"
	"html/template"
	"net/mail"
	"slices"
	"strconv"
	"strings"

	"candor/internal/charter"
	"candor/internal/clock"
	"candor/internal/customer"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/gate"
	"candor/internal/id"
	"candor/internal/keyring"
	"candor/internal/personal"
	"candor/internal/term"
)

// Service messages answer what a person just did: confirm an address, prove it
// by a code, hear that their data are being erased. They hold no promotion and
// no value that anyone typed. What one says that must stay secret, such as a
// code, is sealed in its row and emptied when the message has ended.

const serviceProgram = "service"

// ServiceKind says which of the engine's own mails it is.
type ServiceKind string

// The engine's own mails.
const (
	ConfirmMail  ServiceKind = "confirm"  // press a button to confirm what was asked for at this address
	ParentMail   ServiceKind = "parent"   // to the address named as a parent's: a young person's consent waits for them
	CodeMail     ServiceKind = "code"     // a code to type, for ten minutes
	LinkMail     ServiceKind = "link"     // the way to one's own choices, as asked for
	ChangedMail  ServiceKind = "changed"  // to the old address: another was put in its place
	ErasureMail  ServiceKind = "erasure"  // an erasure was asked for and begins
	DownloadMail ServiceKind = "download" // a copy of the data was handed out
	LiftedMail   ServiceKind = "lifted"   // a restriction ends
	UpheldMail   ServiceKind = "upheld"   // an objection was upheld
	NoticeMail   ServiceKind = "notice"   // what became wider, or where data came from (GDPR 13(3), 14)
	GroundsMail  ServiceKind = "grounds"  // an objection was refused, with its grounds
)

// servicePerHour bounds each kind of mail to one address; nobody can use a form
// to fill somebody's mailbox.
var servicePerHour = map[ServiceKind]int64{ConfirmMail: 3, ParentMail: 3, CodeMail: 5, LinkMail: 3, ChangedMail: 10, ErasureMail: 3, DownloadMail: 5,
	trialMail:  20,
	LiftedMail: 10, UpheldMail: 10, GroundsMail: 10, NoticeMail: 10}

// ServiceMail is one of the engine's own mails to one customer.
type ServiceMail struct {
	Kind       ServiceKind
	Customer   id.Customer
	Controller term.Controller
	Purpose    term.Purpose // what is confirmed, or ""
	Lang       term.Lang
	Code       string // of CodeMail
	Grounds    string // of GroundsMail, about the use and never about the person
	News       string // of NoticeMail: what is new, in words of the charter
	Sources    string // of NoticeMail: where data came from
	Version    int64  // of NoticeMail: the charter that it tells of
	Run        int64  // of NoticeMail: what the mail belongs to
	// Link is the path of the page that the mail leads to, such as
	// "/confirm/<token>"; the sender puts its public address before it.
	Link string
	// To is set when the mail goes to another address than the one on file.
	To personal.Value
	// Entry keeps mails apart: the same Entry is the same mail, sent once.
	Entry string
}

// servicePayload is what is sealed in the row.
type servicePayload struct {
	Kind ServiceKind `json:"k"`
	Lang term.Lang   `json:"l"`
	Code string      `json:"c,omitempty"`
	Why  string      `json:"w,omitempty"`
	Link string      `json:"h,omitempty"`
	To   string      `json:"t,omitempty"`
	News string      `json:"n,omitempty"`
	From string      `json:"f,omitempty"`
	Told int64       `json:"v,omitempty"`
}

const payloadKind = "service-mail"

func hourOf(at clock.Instant) int64 { return int64(at) / (3600 * 1e6) }

// SendService plans one of the engine's own mails in the caller's transaction;
// call Wake after the commit. It returns LIMITED when the address got too many of
// the kind within an hour.
func (s *Sender) SendService(tx *db.Tx, m ServiceMail) error {
	if servicePerHour[m.Kind] == 0 || m.Entry == "" {
		return errs.New(errs.Invalid, "service_mail", "a service mail has a known kind and an entry")
	}
	if m.Link != "" && (!strings.HasPrefix(m.Link, "/") || strings.ContainsAny(m.Link, "\r\n \"<>@")) {
		return errs.New(errs.Invalid, "service_mail", "a link of a service mail is a path of ours")
	}
	p, err := json.Marshal(servicePayload{m.Kind, m.Lang, m.Code, m.Grounds, m.Link, m.To.Reveal(), m.News, m.Sources, m.Version})
	if err != nil {
		return err
	}
	now := s.clock.Now()
	_, err = Put(tx, s.ring, now, []Plan{{
		Key:        m.key(),
		ProgramID:  m.Run,
		Controller: m.Controller, Purpose: m.Purpose, Class: Service, Lang: m.Lang, ContentHash: []byte{},
		payload: s.ring.SealToken(payloadKind, p),
	}})
	if err != nil {
		return err
	}
	tx.After(s.Wake)
	return nil
}

func (m ServiceMail) key() Key {
	return Key{Program: serviceProgram, Node: string(m.Kind), Customer: m.Customer, Entry: m.Entry, Channel: term.Email}
}

// Told reports whether the relay has taken one of the engine's own mails.
func (s *Sender) Told(tx *db.Tx, m ServiceMail) (bool, error) {
	var n int64
	err := tx.QueryRow("select count(*) from send where customer_id = $1 and send_key = $2 and state = $3", m.Customer, m.key().Sum(s.ring), Accepted).Scan(&n)
	return n > 0, err
}

// told puts on record that a person was told: a mail with a notice was taken by
// the relay.
func (s *Sender) told(tx *db.Tx, send Send) error {
	raw, err := s.ring.OpenToken(payloadKind, send.payload)
	var p servicePayload
	if err != nil || json.Unmarshal(raw, &p) != nil || p.Kind != NoticeMail {
		return err
	}
	_, err = s.gate.AddFact(tx, customer.Fact{
		Customer: send.Customer, Kind: customer.Notified, At: s.clock.Now(), Actor: term.ByEngine, Source: "mail",
		Detail: map[string]string{"notice": "mail", "mail": send.mark(), "version": strconv.FormatInt(p.Told, 10)},
	})
	return err
}

// untold takes that back: the mail came back, so that it told nobody (GDPR 13(3)).
func (s *Sender) untold(tx *db.Tx, send Send) error {
	_, err := s.gate.AddFact(tx, customer.Fact{
		Customer: send.Customer, Kind: customer.Notified, At: s.clock.Now(), Actor: term.ByEngine, Source: "mail",
		Detail: map[string]string{"notice": "mail", "mail": send.mark(), "value": customer.Off},
	})
	return err
}

// mark names a mail among the facts of its customer.
func (s Send) mark() string { return hex.EncodeToString(s.Key[:8]) }

// tells reports whether a mail tells a person what they must be told: only these
// mails of the engine belong to a run.
func (s Send) tells() bool { return s.Program == serviceProgram && s.ProgramID != 0 }

// service is the last check of one of the engine's own mails.
func (l *lastCheck) service(send Send) (*ready, error) {
	raw, err := l.ring.OpenToken(payloadKind, send.payload)
	var p servicePayload
	if err != nil || json.Unmarshal(raw, &p) != nil {
		return nil, l.deny(send, errs.Content)
	}
	pass, d, err := l.gate.Use(l.tx, gate.Request{Customer: send.Customer, Controller: send.Controller, Purpose: send.Purpose,
		Operation: term.Rights, Channel: term.Email, Fields: addressFields(l.charter), Actor: term.ByEngine})
	if err != nil {
		return nil, err
	}
	if !d.Allowed() {
		return nil, l.deny(send, codesOf(d)...)
	}
	r := &ready{send: send, charter: l.charter, at: l.now, lang: p.Lang, values: map[string]any{"payload": p}}
	if p.To != "" {
		r.address, r.endpoint, err = l.given(p.To)
	} else {
		r.address, r.endpoint, err = l.address(pass)
	}
	if err != nil {
		return nil, err
	}
	if r.address.IsZero() {
		return nil, l.deny(send, noAddress)
	}
	if _, ok := serviceWords[p.Lang]; !ok {
		r.lang = l.charter.Business.Languages[0]
	}
	if r.sender, err = serviceSender(l.charter, send.Purpose); err != nil {
		return nil, l.deny(send, errs.Content)
	}
	ok, err := countService(l.tx, r.endpoint, p.Kind, l.now)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, l.deny(send, errs.FreqCap)
	}
	return r, l.hand(send, d)
}

// addressFields are the fields that hold an e-mail address: all that a service
// mail may read.
func addressFields(c *charter.Charter) []term.Field {
	out := []term.Field{}
	for i := range c.Fields {
		if c.Fields[i].Kind == charter.KindEmail {
			out = append(out, c.Fields[i].ID)
		}
	}
	return out
}

// given reads an address that the mail was addressed to itself.
func (l *lastCheck) given(raw string) (personal.Value, keyring.Digest, error) {
	identity, err := customer.Email(raw)
	if err != nil {
		return personal.Value{}, keyring.Digest{}, nil
	}
	return identity.Value, l.book.Endpoint(identity), nil
}

// countService counts a mail to an address when there is room in this hour.
func countService(tx *db.Tx, to keyring.Digest, kind ServiceKind, now clock.Instant) (bool, error) {
	n, err := tx.Exec(`insert into service_count (endpoint, kind, hour, n) values ($1, $2, $3, 1)
		on conflict (endpoint, kind, hour) do update set n = service_count.n + 1 where service_count.n < $4`,
		to.Sum, kind, hourOf(now), servicePerHour[kind])
	return n == 1, err
}

// serviceSender is who the engine's own mails come from: the sender of the
// purpose, else the first of a purpose that does not promote, else the first.
func serviceSender(c *charter.Charter, p term.Purpose) (charter.Sender, error) {
	if s, err := SenderOf(c, p, term.Email, ""); err == nil {
		return s, nil
	}
	var first *charter.Sender
	for i := range c.House.Senders {
		s := &c.House.Senders[i]
		if s.Channel != term.Email {
			continue
		}
		if purpose, ok := c.Purpose(s.Purpose); ok && !purpose.Marketing {
			return *s, nil
		}
		if first == nil {
			first = s
		}
	}
	if first == nil {
		return charter.Sender{}, errs.New(errs.Invalid, "LNT-11", "no sender is registered in house.yaml")
	}
	return *first, nil
}

// PreviewService renders one of the engine's own mails as somebody would read it,
// with a code and grounds of nobody.
func PreviewService(c *charter.Charter, kind ServiceKind, lang term.Lang) (Previewed, error) {
	words, known := serviceWords[lang][kind]
	if !known {
		return Previewed{}, errs.New(errs.NotFound, "no_such_mail", "the engine has no such mail in this language")
	}
	p := servicePayload{Kind: kind, Lang: lang, Why: "…", News: "…", From: "…"}
	if kind == CodeMail {
		p.Code = "20260317"
	}
	title := ""
	if len(c.Purposes) > 0 {
		title = c.Purposes[0].Title.In(lang)
	}
	for i := range c.Purposes {
		if c.Purposes[i].Marketing {
			title = c.Purposes[i].Title.In(lang)
		}
	}
	content := words.fill(c, p, title, "#")
	out := Previewed{Subject: content.Subject}
	if from, err := serviceSender(c, ""); err == nil {
		out.From = from.Name + " <" + from.Address + ">"
	}
	var err error
	out.HTML, out.Text, err = framed(content, frameOf(c, lang), Service)
	return out, err
}

// fill writes a mail with what is particular to it.
func (t serviceText) fill(c *charter.Charter, p servicePayload, title, link string) Rendered {
	fill := strings.NewReplacer("{brand}", c.Business.Name, "{purpose}", title, "{contact}", c.Business.Contact, "{grounds}", p.Why, "{news}", p.News, "{sources}", p.From)
	t.before = slices.DeleteFunc(slices.Clone(t.before), func(s string) bool {
		return strings.Contains(s, "{news}") && p.News == "" || strings.Contains(s, "{sources}") && p.From == ""
	})
	subject := oneLine(fill.Replace(t.subject))
	return Rendered{Lang: p.Lang, Subject: subject, HTML: "<h1>" + template.HTMLEscapeString(subject) + "</h1>\n" + t.html(fill, p.Code, link), Text: t.text(fill, p.Code, link)}
}

// writeService writes one of the engine's own mails.
func (s *Sender) writeService(r ready) ([]byte, error) {
	p, ok := r.values["payload"].(servicePayload)
	words, known := serviceWords[r.lang][p.Kind]
	if !ok || !known {
		return nil, errs.New(errs.Invalid, errs.Content, "the mail has no words in this language")
	}
	link := ""
	if p.Link != "" {
		link = s.base + p.Link
	}
	title := ""
	if purpose, ok := r.charter.Purpose(r.send.Purpose); ok {
		title = purpose.Title.In(r.lang)
	}
	p.Lang = r.lang
	content := words.fill(r.charter, p, title, link)
	html, text, err := framed(content, frameOf(r.charter, r.lang), Service)
	if err != nil {
		return nil, err
	}
	return s.sign(Mail{
		From: mail.Address{Name: r.sender.Name, Address: r.sender.Address}, To: r.address, Subject: content.Subject, Date: r.at,
		MessageID: MessageID(s.ring, r.send.Key, domainOf(r.sender.Address)), HTML: html, Text: text, Class: Service,
	})
}

// serviceText is one of the engine's own mails in one language.
type serviceText struct {
	subject string
	before  []string // paragraphs
	button  string   // of the link; "" for none
	after   []string
}

func (t serviceText) html(fill *strings.Replacer, code, link string) string {
	var b strings.Builder
	paragraphs := func(list []string) {
		for _, p := range list {
			b.WriteString("<p>" + template.HTMLEscapeString(fill.Replace(p)) + "</p>\n")
		}
	}
	paragraphs(t.before)
	if code != "" {
		b.WriteString(`<p class="code">` + template.HTMLEscapeString(grouped(code)) + "</p>\n")
	}
	if t.button != "" && link != "" {
		b.WriteString(`<p class="button"><a href="` + template.HTMLEscapeString(link) + `">` + template.HTMLEscapeString(t.button) + "</a></p>\n")
	}
	paragraphs(t.after)
	return b.String()
}

func (t serviceText) text(fill *strings.Replacer, code, link string) string {
	var list []string
	for _, p := range t.before {
		list = append(list, fill.Replace(p))
	}
	if code != "" {
		list = append(list, grouped(code))
	}
	if t.button != "" && link != "" {
		list = append(list, t.button+":\n"+link)
	}
	for _, p := range t.after {
		list = append(list, fill.Replace(p))
	}
	return strings.Join(list, "\n\n")
}

// grouped writes a code of eight digits as two groups of four.
func grouped(code string) string {
	if len(code) == 8 {
		return code[:4] + " " + code[4:]
	}
	return code
}
