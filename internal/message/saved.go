package message

import (
	"encoding/json"
	"math"
	"strings"

	"candor/internal/clock"
	"candor/internal/db"
	"candor/internal/errs"
	"candor/internal/id"
	"candor/internal/personal"
	"candor/internal/term"
)

// Saved is a template as staff keep it: a content that campaigns start from. Each
// change is a version of its own; a campaign keeps the text it was drafted with.
type Saved struct {
	ID         id.Template
	Version    int64 // from 1
	Controller term.Controller
	Name       string
	Purpose    term.Purpose
	Content    Content
	By         term.Actor
	SavedAt    clock.Instant
}

// Draft is the template as a draft, to be checked and looked at.
func (s Saved) Draft() Draft {
	return Draft{Controller: s.Controller, Purpose: s.Purpose, Channel: term.Email, Content: s.Content}
}

const savedColumns = "template_id, version, controller, name, purpose, content, by_actor, saved_at"

func scanSaved(scan db.Scan) (Saved, error) {
	var s Saved
	var text string
	if err := scan(&s.ID, &s.Version, &s.Controller, &s.Name, &s.Purpose, &text, &s.By, &s.SavedAt); err != nil {
		return s, err
	}
	return s, json.Unmarshal([]byte(text), &s.Content)
}

// Save stores a template's next version; one without an id is new. It returns
// INVALID for a name that is empty, long or holds somebody's address, NOT_FOUND for
// an unknown template, and CONFLICT when another saved a version meanwhile.
func Save(tx *db.Tx, s Saved) (Saved, error) {
	s.Name = strings.TrimSpace(s.Name)
	if s.Name == "" || len(s.Name) > 200 || personal.HoldsAddress(s.Name) {
		return s, errs.New(errs.Invalid, "template_name", "give the template a name of at most 200 letters that holds nobody's address").On("name")
	}
	if s.ID == 0 {
		s.ID, s.Version = id.New[id.Template](), 1
	} else {
		was, err := GetSaved(tx, s.ID, 0)
		if err != nil {
			return s, err
		}
		if s.Version != 0 && s.Version != was.Version {
			return s, errs.New(errs.Conflict, "template_changed", "somebody else has saved a version meanwhile; read it again")
		}
		s.Version = was.Version + 1
	}
	text, err := json.Marshal(s.Content)
	if err != nil {
		return s, err
	}
	if _, err := tx.Exec("update message_template set latest = 0 where template_id = $1", s.ID); err != nil {
		return s, err
	}
	_, err = tx.Exec("insert into message_template ("+savedColumns+", latest) values ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
		s.ID, s.Version, s.Controller, s.Name, s.Purpose, string(text), s.By, s.SavedAt)
	return s, err
}

// GetSaved reads a version of a template, the newest for 0. It returns NOT_FOUND
// when there is none.
func GetSaved(tx *db.Tx, which id.Template, version int64) (Saved, error) {
	s, err := scanSaved(tx.QueryRow("select "+savedColumns+" from message_template where template_id = $1 and (version = $2 or $2 = 0 and latest = 1)", which, version).Scan)
	if errs.Is(err, errs.NotFound) {
		return s, errs.New(errs.NotFound, "no_such_template", "there is no such template")
	}
	return s, err
}

// ListSaved gives templates as they are now, the newest first: a page of at most
// limit before one of them, or the first page when before is zero.
func ListSaved(tx *db.Tx, before id.Template, limit int) ([]Saved, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	rows, err := tx.Query("select "+savedColumns+" from message_template where latest = 1 and template_id < $1 order by template_id desc limit $2", before, limit)
	return db.Collect(rows, err, scanSaved)
}

// VersionsOf gives the last versions of a template, the newest first.
func VersionsOf(tx *db.Tx, which id.Template, limit int) ([]Saved, error) {
	rows, err := tx.Query("select "+savedColumns+" from message_template where template_id = $1 order by version desc limit $2", which, limit)
	return db.Collect(rows, err, scanSaved)
}

// OwnMails lists the engine's own mails, in the order of what people meet.
var OwnMails = []ServiceKind{ConfirmMail, ParentMail, CodeMail, LinkMail, ChangedMail, DownloadMail, ErasureMail, LiftedMail, UpheldMail, GroundsMail, NoticeMail}
