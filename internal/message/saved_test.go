package message

import (
	"strings"
	"testing"

	"candor/internal/charter/sample"
	"candor/internal/db"
	"candor/internal/db/dbtest"
	"candor/internal/errs"
	"candor/internal/term"
)

// Each change of a template is a version; a version that somebody has overtaken
// changes nothing.
func TestTemplatesHaveVersions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		text := func(subject string) Content {
			return Content{Class: Marketing, Texts: map[term.Lang]Text{"en": {Subject: subject, HTML: "<p>Hello</p>"}}}
		}
		err := d.Write(t.Context(), func(tx *db.Tx) error {
			first, err := Save(tx, Saved{Name: " News ", Purpose: "letter", Content: text("One"), By: "staff:usr_1", SavedAt: 1})
			if err != nil || first.Version != 1 || first.Name != "News" {
				t.Fatalf("%+v, %v", first, err)
			}
			first.Content = text("Two")
			second, err := Save(tx, first)
			if err != nil || second.Version != 2 || second.ID != first.ID {
				t.Fatalf("%+v, %v", second, err)
			}
			if _, err := Save(tx, first); !errs.Is(err, errs.Conflict) {
				t.Errorf("an overtaken version: %v", err)
			}
			if _, err := Save(tx, Saved{Name: "for ada@post.example"}); !errs.Is(err, errs.Invalid) {
				t.Errorf("a name that holds an address: %v", err)
			}
			list, err := ListSaved(tx, 0, 10)
			if err != nil || len(list) != 1 || list[0].Content.Texts["en"].Subject != "Two" {
				t.Errorf("listed %+v, %v", list, err)
			}
			old, err := GetSaved(tx, first.ID, 1)
			if err != nil || old.Content.Texts["en"].Subject != "One" {
				t.Errorf("the first version: %+v, %v", old, err)
			}
			all, err := VersionsOf(tx, first.ID, 10)
			if err != nil || len(all) != 2 || all[0].Version != 2 {
				t.Errorf("versions %+v, %v", all, err)
			}
			_, err = GetSaved(tx, first.ID, 3)
			if !errs.Is(err, errs.NotFound) {
				t.Errorf("a version that is not: %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Whatever the engine writes can be looked at, in each of its languages.
func TestEveryOwnMailIsShown(t *testing.T) {
	c := sample.Halm()
	for lang, words := range serviceWords {
		if len(words) != len(OwnMails) {
			t.Errorf("%d mails are listed, %d have words in %s", len(OwnMails), len(words), lang)
		}
		for _, kind := range OwnMails {
			p, err := PreviewService(c, kind, lang)
			if err != nil || strings.Contains(p.Text, "{") || !strings.Contains(p.HTML, c.House.Look.Logo) {
				t.Errorf("%s in %s: %v %.200s", kind, lang, err, p.Text)
			}
		}
	}
}
