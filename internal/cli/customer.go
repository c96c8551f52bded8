package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"candor/client"
	"candor/internal/errs"
)

type customerCmd struct {
	Find     customerFindCmd     `cmd:"" help:"Find customers by an address or id."`
	List     customerListCmd     `cmd:"" help:"List customers' ids."`
	Show     customerShowCmd     `cmd:"" help:"What a customer may be used and contacted for; with --purpose also what is held."`
	Events   customerEventsCmd   `cmd:"" help:"What happened, as a purpose may see it."`
	Consents customerConsentsCmd `cmd:"" help:"What a customer agreed to, refused and withdrew."`
	Receipt  customerReceiptCmd  `cmd:"" help:"Print a consent record with its proof, for candor verify."`
	Correct  customerCorrectCmd  `cmd:"" help:"Put a value right, as the customer says."`
	Stop     customerStopCmd     `cmd:"" help:"Withdraw and object to everything that may be stopped."`
}

type customerFindCmd struct {
	remote
	Email string `xor:"what" placeholder:"ADDRESS" help:"Find by e-mail address; - reads it from standard input."`
	Phone string `xor:"what" placeholder:"NUMBER" help:"Find by phone number, with its country's code; - reads it from standard input."`
	ID    string `xor:"what" name:"id" placeholder:"SYSTEM:ID" help:"Find by another system's id, such as shop:1234."`
}

func (c customerFindCmd) Run(e *env) error {
	who, err := c.identity(e)
	if err != nil {
		return err
	}
	s, err := c.open()
	if err != nil {
		return err
	}
	found, err := s.Find(e.ctx, who)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return errs.New(errs.NotFound, "no_such_customer", "nobody is known by this")
	}
	return e.print(map[string]any{"customers": found}, strings.Join(found, "\n")+"\n")
}

func (c customerFindCmd) identity(e *env) (client.Identity, error) {
	read := func(s string) (string, error) {
		if s != "-" {
			return s, nil
		}
		b, err := readInput(e, "-")
		return strings.TrimSpace(string(b)), err
	}
	switch {
	case c.Email != "":
		v, err := read(c.Email)
		return client.Identity{Kind: "email", Value: v}, err
	case c.Phone != "":
		v, err := read(c.Phone)
		return client.Identity{Kind: "phone", Value: v}, err
	}
	system, value, ok := strings.Cut(c.ID, ":")
	if !ok || system == "" || value == "" {
		return client.Identity{}, hinted(errs.New(errs.Invalid, "no_identity", "say whom to find"), "--email ada@example.org, --phone +4930123456 or --id shop:1234")
	}
	return client.Identity{Kind: "user", Namespace: system, Value: value}, nil
}

type customerListCmd struct {
	remote
	Limit  int    `default:"20" help:"How many."`
	Cursor string `help:"Where to go on, as the page before said."`
}

func (c customerListCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	p, err := s.Customers(e.ctx, c.Cursor, c.Limit)
	if err != nil {
		return err
	}
	return e.print(p, strings.Join(p.Customers, "\n")+"\n"+more(p.Next))
}

// more says how to see the next page.
func more(cursor string) string {
	if cursor == "" {
		return ""
	}
	return "more: --cursor " + cursor + "\n"
}

type customerShowCmd struct {
	remote
	Customer string   `arg:"" help:"The customer's id, cus_..."`
	Purpose  string   `help:"Read what is held for this purpose. The reading is put on the customer's record."`
	Field    []string `help:"Which fields; left out, all that the purpose lists."`
}

func (c customerShowCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	standing, err := s.Standing(e.ctx, c.Customer)
	if err != nil {
		return err
	}
	out := map[string]any{"customer": c.Customer, "standing": standing}
	text := "Allowed for " + c.Customer + ":\n" + standingText(standing, time.Now())
	if c.Purpose != "" {
		values, err := s.Values(e.ctx, c.Customer, c.Purpose, c.Field...)
		if err != nil {
			return err
		}
		out["values"] = values
		text += "\nHeld, as " + c.Purpose + " may read it:\n" + valuesText(values)
	}
	return e.print(out, text)
}

// standingText shows what is allowed now or will be.
func standingText(list []client.Standing, now time.Time) string {
	rows := []string{"  purpose\tchannel\twhat\tfrom\tuntil\tbasis"}
	for _, s := range list {
		if len(s.Operations) == 0 || !s.Until.IsZero() && s.Until.Before(now) {
			continue
		}
		rows = append(rows, fmt.Sprintf("  %s\t%s\t%s\t%s\t%s\t%s", s.Purpose, orDash(s.Channel), strings.Join(s.Operations, " "), when(s.From), when(s.Until), orDash(s.Basis)))
	}
	if len(rows) == 1 {
		return "  nothing\n"
	}
	return columns(rows...)
}

func valuesText(values map[string]string) string {
	if len(values) == 0 {
		return "  nothing\n"
	}
	var rows []string
	for _, f := range slices.Sorted(maps.Keys(values)) {
		rows = append(rows, "  "+f+"\t"+values[f])
	}
	return columns(rows...)
}

type customerEventsCmd struct {
	remote
	Customer string `arg:"" help:"The customer's id, cus_..."`
	Purpose  string `required:"" help:"What they are read for. The reading is put on the customer's record."`
	Limit    int    `default:"20" help:"How many, the latest first."`
}

func (c customerEventsCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	list, err := s.Events(e.ctx, c.Customer, c.Purpose, c.Limit)
	if err != nil {
		return err
	}
	rows := []string{"when\twhat\twith"}
	for _, ev := range list {
		var with []string
		for _, name := range slices.Sorted(maps.Keys(ev.Properties)) {
			with = append(with, fmt.Sprintf("%s=%v", name, ev.Properties[name]))
		}
		rows = append(rows, when(ev.OccurredAt)+"\t"+ev.Name+"\t"+strings.Join(with, " "))
	}
	return e.print(map[string]any{"events": list}, columns(rows...))
}

type customerConsentsCmd struct {
	remote
	Customer string `arg:"" help:"The customer's id, cus_..."`
}

func (c customerConsentsCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	list, err := s.Consents(e.ctx, c.Customer)
	if err != nil {
		return err
	}
	rows := []string{"when\twhat\tpurpose\tchannel\thow\tevidence\trecord"}
	for _, r := range list {
		rows = append(rows, strings.Join([]string{when(r.RecordedAt), r.Kind, orDash(r.Purpose), orDash(r.Channel), orDash(r.Method), orDash(r.Strength), r.ID}, "\t"))
	}
	return e.print(map[string]any{"consents": list}, columns(rows...))
}

type customerReceiptCmd struct {
	remote
	Customer string `arg:"" help:"The customer's id, cus_..."`
	Record   string `arg:"" optional:"" help:"The consent record, con_...; left out, the latest."`
}

// Run prints JSON in any case: it is a file for candor verify.
func (c customerReceiptCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	if c.Record == "" {
		list, err := s.Consents(e.ctx, c.Customer)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errs.New(errs.NotFound, "no_such_record", "this customer has no consent record")
		}
		c.Record = list[len(list)-1].ID
	}
	receipt, err := proven(e, func() (json.RawMessage, error) { return s.Receipt(e.ctx, c.Customer, c.Record) })
	if err != nil {
		return err
	}
	return e.printRaw(receipt)
}

// printRaw prints JSON as it came.
func (e *env) printRaw(b json.RawMessage) error {
	_, err := fmt.Fprintf(e.out, "%s\n", b)
	return err
}

type customerCorrectCmd struct {
	remote
	Customer string `arg:"" help:"The customer's id, cus_..."`
	Field    string `arg:"" help:"The field, as the charter names it."`
	Value    string `arg:"" help:"The right value; - reads it from standard input."`
}

func (c customerCorrectCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	if c.Value == "-" {
		b, err := readInput(e, "-")
		if err != nil {
			return err
		}
		c.Value = strings.TrimRight(string(b), "\r\n")
	}
	if err := s.Correct(e.ctx, c.Customer, c.Field, c.Value); err != nil {
		return err
	}
	return e.print(map[string]any{"corrected": c.Field}, c.Field+" is corrected\n")
}

type customerStopCmd struct {
	remote
	Customer string `arg:"" help:"The customer's id, cus_..."`
}

func (c customerStopCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	left, err := s.StopAll(e.ctx, c.Customer)
	if err != nil {
		return err
	}
	text := "Everything that may be stopped is stopped.\n"
	if len(left) > 0 {
		text += fmt.Sprintf("%d messages had already left.\n", len(left))
	}
	return e.print(map[string]any{"left": left}, text)
}
