package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"candor/internal/clock"
	"candor/internal/collect"
	"candor/internal/db"
	"candor/internal/id"
	"candor/internal/term"
)

func (a *API) sourceRoutes(h huma.API) {
	handle(a, h, endpoint{id: "make-source", method: http.MethodPost, path: "/sources", scope: Admin, status: http.StatusCreated, summary: "Make a source with its write key"}, a.makeSource)
	handle(a, h, endpoint{id: "list-sources", method: http.MethodGet, path: "/sources", scope: Admin, summary: "List sources, oldest first"}, a.listSources)
	handle(a, h, endpoint{id: "bind-notice", method: http.MethodPost, path: "/sources/{source}/notice", scope: Admin, status: http.StatusNoContent,
		summary: "Say which version of the notice people see where a source collects"}, a.bindNotice)
	handle(a, h, endpoint{id: "set-secret", method: http.MethodPost, path: "/sources/{source}/secret", scope: Admin, status: http.StatusNoContent,
		summary: "Put in place the secret with which a shop's platform signs its webhooks"}, a.setSecret)
	handle(a, h, endpoint{id: "replay-quarantine", method: http.MethodPost, path: "/sources/{source}/replay", scope: Admin,
		summary: "Try a source's quarantined messages again, after it or the charter was mended"}, a.replayQuarantine)
	handle(a, h, endpoint{id: "revoke-source", method: http.MethodDelete, path: "/sources/{source}", scope: Admin, status: http.StatusNoContent, summary: "End a source's write key for good"}, a.revokeSource)
}

// SourceInput is a source to be made.
type SourceInput struct {
	Name          string        `json:"name" minLength:"1" maxLength:"100"`
	Class         collect.Class `json:"class" enum:"public,server,shopify,woocommerce" doc:"public: in browsers, for anybody to read; server: a secret of yours; a kind of shop: it signs webhooks to /hooks/{source_id}, and the key is the secret."`
	Mode          collect.Mode  `json:"mode,omitempty" enum:"live,test" default:"live" doc:"test: checked and counted, never stored."`
	Namespace     string        `json:"namespace,omitempty" maxLength:"32" doc:"Whose user ids these are, such as shop."`
	Origins       []string      `json:"origins,omitempty" maxItems:"50" doc:"Web origins that may use a public key, such as https://shop.example."`
	Events        []term.Event  `json:"events,omitempty" maxItems:"200" doc:"Left out: all for a server, none for a public key."`
	Fields        []term.Field  `json:"fields,omitempty" maxItems:"200" doc:"As events."`
	NoticeVersion int64         `json:"notice_version,omitempty" minimum:"0" doc:"The version of the notice shown where it collects; left out, the one in force."`
}

// SourceInfo is a source as it is known here: without its key.
type SourceInfo struct {
	ID            id.Source     `json:"source_id"`
	Name          string        `json:"name"`
	Class         collect.Class `json:"class"`
	Mode          collect.Mode  `json:"mode"`
	Namespace     string        `json:"namespace"`
	Origins       []string      `json:"origins"`
	Events        []term.Event  `json:"events"`
	Fields        []term.Field  `json:"fields"`
	NoticeVersion int64         `json:"notice_version" doc:"0 takes nothing."`
	CreatedAt     clock.Instant `json:"created_at"`
	RevokedAt     clock.Instant `json:"revoked_at,omitzero"`
}

func sourceInfo(s collect.Source) SourceInfo {
	return SourceInfo{ID: s.ID, Name: s.Name, Class: s.Class, Mode: s.Mode, Namespace: s.Namespace, Origins: orEmpty(s.Origins),
		Events: orEmpty(s.Events), Fields: orEmpty(s.Fields), NoticeVersion: s.NoticeVersion, CreatedAt: s.CreatedAt, RevokedAt: s.RevokedAt}
}

// SourceMade is a new source. WriteKey is shown this once.
type SourceMade struct {
	WriteKey string     `json:"write_key" doc:"It is shown once."`
	Source   SourceInfo `json:"source"`
}

func (a *API) makeSource(ctx context.Context, in *struct{ Body SourceInput }) (*body[SourceMade], error) {
	rules, err := a.current(ctx)
	if err != nil {
		return nil, err
	}
	n := collect.Source{Name: in.Body.Name, Class: in.Body.Class, Mode: in.Body.Mode, Controller: rules.Charter().Business.ID,
		Namespace: in.Body.Namespace, Origins: in.Body.Origins, Events: in.Body.Events, Fields: in.Body.Fields, NoticeVersion: in.Body.NoticeVersion}
	if n.Mode == "" {
		n.Mode = collect.Live
	}
	if n.NoticeVersion == 0 {
		n.NoticeVersion = rules.Charter().Version
	}
	err = a.DB.Read(ctx, func(tx *db.Tx) error {
		_, err := a.Charter.Version(tx, n.NoticeVersion)
		return err
	})
	if err != nil {
		return nil, err
	}
	s, key, err := a.Sources.Create(ctx, n)
	return answered(SourceMade{key, sourceInfo(s)}, err)
}

// SourceList is all sources, oldest first.
type SourceList struct {
	Sources []SourceInfo `json:"sources"`
}

func (a *API) listSources(ctx context.Context, _ *struct{}) (*body[SourceList], error) {
	out := SourceList{Sources: []SourceInfo{}}
	err := a.DB.Read(ctx, func(tx *db.Tx) error {
		list, err := a.Sources.List(tx)
		out.Sources = out.Sources[:0]
		for _, s := range list {
			out.Sources = append(out.Sources, sourceInfo(s))
		}
		return err
	})
	return answered(out, err)
}

// SourcePath is the source of a path.
type SourcePath struct {
	Source string `path:"source" maxLength:"40"`
}

func (p SourcePath) id() (id.Source, error) { return parseID(p.Source, "source", id.Parse[id.Source]) }

// NoticeInput is a version of the notice.
type NoticeInput struct {
	Version int64 `json:"version" minimum:"1"`
}

func (a *API) bindNotice(ctx context.Context, in *struct {
	SourcePath
	Body NoticeInput
}) (*struct{}, error) {
	s, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Sources.BindNotice(ctx, s, in.Body.Version)
}

func (a *API) revokeSource(ctx context.Context, in *struct{ SourcePath }) (*struct{}, error) {
	s, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Sources.Revoke(ctx, s)
}

// SecretInput is a signing secret.
type SecretInput struct {
	Secret string `json:"secret" minLength:"16" maxLength:"200"`
}

func (a *API) setSecret(ctx context.Context, in *struct {
	SourcePath
	Body SecretInput
}) (*struct{}, error) {
	s, err := in.id()
	if err != nil {
		return nil, err
	}
	return nil, a.Sources.SetSecret(ctx, s, in.Body.Secret)
}

func (a *API) replayQuarantine(ctx context.Context, in *struct{ SourcePath }) (*body[collect.Replayed], error) {
	s, err := in.id()
	if err != nil {
		return nil, err
	}
	return answered(a.Collector.Replay(ctx, s))
}
