// Package schema reads our own DDL: which tables there are, what each column
// holds and whose it is. Erasure, the export of a person's copy and the tests
// that guard both work from it.
//
// The DDL is written so that it can be read line by line: one column a line,
// after it a comment with the class of its content and whose it is:
//
//	customer_id bigint not null, -- pseudonymous customer; why, if it needs saying
//
// A table that holds a customer's data has customer_id first in its primary key
// and in every unique index, so that it can be distributed; a table that finds
// customers by a digest says so with "-- lookup" after its opening bracket.
package schema

import (
	"fmt"
	"regexp"
	"strings"

	"candor/internal/db"
)

// Class says what a column holds.
type Class string

// The classes.
const (
	None         Class = "none"         // nothing about a person
	Pseudonymous Class = "pseudonymous" // about a person, in clear, under a random id
	Digest       Class = "digest"       // a keyed digest of something about a person
	Sealed       Class = "sealed"       // encrypted under the person's key
)

// Whose says whom a column is about.
type Whose string

// The people.
const (
	Customer Whose = "customer"
	Staff    Whose = "staff"
	Third    Whose = "third" // a third person, such as a relative or an agent
	Nobody   Whose = "nobody"
)

// Table is a table of the database.
type Table struct {
	Name    string
	File    string // the migration that made it
	Lookup  bool   // found by a digest, not by a customer
	Columns []Column
	Primary []string
	Unique  [][]string // unique indexes and constraints besides the primary key
}

// Column is a column of a table.
type Column struct {
	Name    string
	Type    string
	NotNull bool
	Class   Class
	Whose   Whose
	Note    string
}

// OfCustomer reports whether the table has a customer's column.
func (t Table) OfCustomer() bool {
	for _, c := range t.Columns {
		if c.Whose == Customer {
			return true
		}
	}
	return false
}

// Column finds a column by its name.
func (t Table) Column(name string) (Column, bool) {
	for _, c := range t.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// Current is the schema that the migrations make.
func Current() ([]Table, error) {
	files, err := files(db.Migrations())
	if err != nil {
		return nil, err
	}
	var all []Table
	for _, f := range files {
		if all, err = parse(all, f.name, f.text); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Parse reads DDL in our form.
func Parse(ddl string) ([]Table, error) { return parse(nil, "", ddl) }

var (
	tableLine  = regexp.MustCompile(`^create table ([a-z][a-z0-9_]*) \((?:\s*-- (lookup))?`)
	columnLine = regexp.MustCompile(`^([a-z][a-z0-9_]*) (bigint|text|bytea|double precision)((?: not null| primary key| default [^ ,]+)*),?\s*(?:--\s*(.*))?$`)
	keyLine    = regexp.MustCompile(`^(primary key|unique) \(([^)]*)\),?`)
	refLine    = regexp.MustCompile(`^(foreign key \(|references |on delete )`)
	indexLine  = regexp.MustCompile(`^create (unique )?index [a-z][a-z0-9_]* on ([a-z][a-z0-9_]*) \(([^)]*)\)( where .*)?;$`)
	classNote  = regexp.MustCompile(`^(none|pseudonymous|digest|sealed) (customer|staff|third|nobody)(?:; (.+))?$`)
)

// reader goes through DDL line by line.
type reader struct {
	file string
	all  []Table
	open bool // inside create table
}

func parse(into []Table, file, ddl string) ([]Table, error) {
	r := reader{file: file, all: into}
	for i, line := range joined(ddl) {
		if err := r.line(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w: %s", file, i+1, err, line)
		}
	}
	return r.all, nil
}

// joined trims the lines and puts statements on indexes that span several into
// one.
func joined(ddl string) []string {
	var out []string
	pending := ""
	for _, line := range strings.Split(ddl, "\n") {
		line = strings.TrimSpace(line)
		if pending != "" {
			line = pending + " " + line
			pending = ""
		}
		if (strings.HasPrefix(line, "create index") || strings.HasPrefix(line, "create unique index")) && !strings.HasSuffix(line, ";") {
			pending, line = line, ""
		}
		out = append(out, line)
	}
	return out
}

func (r *reader) line(line string) error {
	switch {
	case line == "" || strings.HasPrefix(line, "--"):
		return nil
	case r.open:
		return r.inTable(line)
	}
	if m := tableLine.FindStringSubmatch(line); m != nil {
		r.all = append(r.all, Table{Name: m[1], File: r.file, Lookup: m[2] != ""})
		r.open = true
		return nil
	}
	if m := indexLine.FindStringSubmatch(line); m != nil {
		for i := range r.all {
			if r.all[i].Name == m[2] {
				if m[1] != "" {
					r.all[i].Unique = append(r.all[i].Unique, names(m[3]))
				}
				return nil
			}
		}
		return fmt.Errorf("no table %s", m[2])
	}
	return fmt.Errorf("neither a table nor an index in our form")
}

func (r *reader) inTable(line string) error {
	t := &r.all[len(r.all)-1]
	if m := columnLine.FindStringSubmatch(line); m != nil {
		c := Column{Name: m[1], Type: m[2], NotNull: m[3] != ""}
		if note := classNote.FindStringSubmatch(strings.TrimSpace(m[4])); note != nil {
			c.Class, c.Whose, c.Note = Class(note[1]), Whose(note[2]), note[3]
		}
		if strings.Contains(m[3], "primary key") {
			t.Primary = []string{c.Name}
		}
		t.Columns = append(t.Columns, c)
		return nil
	}
	if m := keyLine.FindStringSubmatch(line); m != nil {
		if m[1] == "unique" {
			t.Unique = append(t.Unique, names(m[2]))
		} else {
			t.Primary = names(m[2])
		}
		return nil
	}
	switch {
	case strings.HasPrefix(line, ")"):
		r.open = false
		return nil
	case refLine.MatchString(line):
		return nil
	}
	return fmt.Errorf("no column in our form")
}

func names(list string) []string {
	var out []string
	for _, n := range strings.Split(list, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(n), " ")
		out = append(out, name)
	}
	return out
}
