package cli

import (
	"fmt"
	"strings"
	"time"

	"candor/client"
	"candor/internal/clock"
	"candor/internal/config"
	"candor/internal/keyring"
	"candor/internal/staff"
	"candor/internal/token"
)

type sourceCmd struct {
	Create sourceCreateCmd `cmd:"" help:"Make a source; its write key is shown once."`
	List   sourceListCmd   `cmd:"" help:"List sources."`
	Revoke sourceRevokeCmd `cmd:"" help:"End a source's write key for good."`
}

type sourceCreateCmd struct {
	remote
	Name      string   `arg:"" help:"What it is, such as 'the shop'."`
	Class     string   `required:"" enum:"public,server" help:"public: in browsers, for anybody to read; server: a secret of yours."`
	Test      bool     `help:"Check and count what comes; store nothing."`
	Namespace string   `placeholder:"SYSTEM" help:"Whose user ids these are, such as shop."`
	Origin    []string `help:"A web origin that may use a public key, such as https://shop.example."`
	Event     []string `help:"An event it may send; left out, all for a server and none for a public key."`
	Field     []string `help:"A field it may send; as --event."`
	Notice    int64    `placeholder:"VERSION" help:"The notice shown where it collects; left out, the one in force."`
}

func (c sourceCreateCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	n := client.Source{Name: c.Name, Class: c.Class, Namespace: c.Namespace, Origins: c.Origin, Events: c.Event, Fields: c.Field, NoticeVersion: c.Notice}
	if c.Test {
		n.Mode = "test"
	}
	made, key, err := s.MakeSource(e.ctx, n)
	if err != nil {
		return err
	}
	return e.print(map[string]any{"source": made, "write_key": key},
		columns("source\t"+made.ID, "write key\t"+key)+"The key is shown this once; only a digest of it is kept.\n")
}

type sourceListCmd struct{ remote }

func (c sourceListCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	list, err := s.Sources(e.ctx)
	if err != nil {
		return err
	}
	rows := []string{"source\tclass\tmode\tnotice\tmade\trevoked\tname"}
	for _, x := range list {
		rows = append(rows, strings.Join([]string{x.ID, x.Class, x.Mode, fmt.Sprint(x.NoticeVersion), when(x.CreatedAt), when(x.RevokedAt), x.Name}, "\t"))
	}
	return e.print(map[string]any{"sources": list}, columns(rows...))
}

type sourceRevokeCmd struct {
	remote
	Source string `arg:"" help:"The source's id, src_..."`
}

func (c sourceRevokeCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	if err := s.RevokeSource(e.ctx, c.Source); err != nil {
		return err
	}
	return e.print(map[string]any{"revoked": c.Source}, c.Source+" is revoked\n")
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make a token where the server's keys are; it is shown once."`
	List   tokenListCmd   `cmd:"" help:"List tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token at once."`
}

type tokenCreateCmd struct {
	Label   string   `arg:"" help:"What it is for."`
	Config  string   `required:"" env:"CANDOR_CONFIG" placeholder:"FILE" help:"The configuration file of the server, beside whose keys this runs."`
	Server  string   `env:"CANDOR_SERVER" placeholder:"URL" help:"Where it serves; left out, as the configuration says."`
	Scope   []string `required:"" enum:"read,decide,reasons,write,send,admin" help:"What it may do: ${enum}."`
	Days    int      `default:"90" help:"How long it is good for."`
	Network []string `placeholder:"CIDR" help:"Where calls may come from, such as 203.0.113.0/24; left out, anywhere."`
	PerDay  int64    `help:"Cut it off after so many calls a day."`
	Name    string   `required:"" help:"Who makes it; it is recorded."`
	Promise bool     `help:"Promise confidentiality, in the words that are shown without it."`
}

// Run asks the running server for a token, proving with its keys that whoever
// types this operates it.
func (c tokenCreateCmd) Run(e *env) error {
	if !c.Promise {
		return e.print(map[string]any{"made": false, "promise": staff.Commitment},
			"Whoever makes a token promises confidentiality first. It is recorded with your name and today's date:\n\n  "+staff.Commitment+"\n\nNothing was made. To promise this and make the token, add --promise\n")
	}
	cfg, err := config.Read(c.Config)
	if err != nil {
		return err
	}
	ring, err := keyring.Read(cfg.Root())
	if err != nil {
		return err
	}
	claim := token.Claim{Label: c.Label, Networks: c.Network, PerDay: c.PerDay, For: time.Duration(c.Days) * 24 * time.Hour, Name: c.Name, Promise: staff.Commitment}
	for _, s := range c.Scope {
		claim.Scopes = append(claim.Scopes, token.Scope(s))
	}
	proof, err := token.Prove(ring, claim, clock.System{}.Now())
	if err != nil {
		return err
	}
	if c.Server == "" {
		c.Server = "http://" + cfg.Listen
	}
	s, err := remote{Server: c.Server}.anonymous()
	if err != nil {
		return err
	}
	made, err := s.ClaimToken(e.ctx, proof)
	if err != nil {
		return err
	}
	return e.print(made, tokenText(made)+"Next: export CANDOR_TOKEN="+made.Secret+"\n")
}

func tokenText(t client.Token) string {
	return columns("token\t"+t.Secret, "id\t"+t.Token.ID, "scopes\t"+strings.Join(t.Token.Scopes, " "), "ends\t"+when(t.Token.ExpiresAt)) +
		"The token is shown this once; only a digest of it is kept.\n"
}

type tokenListCmd struct{ remote }

func (c tokenListCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	list, err := s.Tokens(e.ctx)
	if err != nil {
		return err
	}
	rows := []string{"token\tscopes\tmade\tends\tlast used\trevoked\tfor"}
	for _, t := range list {
		rows = append(rows, strings.Join([]string{t.ID, strings.Join(t.Scopes, ","), when(t.CreatedAt), when(t.ExpiresAt), when(t.UsedAt), when(t.RevokedAt), t.Label}, "\t"))
	}
	return e.print(map[string]any{"tokens": list}, columns(rows...))
}

type tokenRevokeCmd struct {
	remote
	TokenID string `arg:"" name:"id" help:"The token's id, tok_..."`
}

func (c tokenRevokeCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	if err := s.RevokeToken(e.ctx, c.TokenID); err != nil {
		return err
	}
	return e.print(map[string]any{"revoked": c.TokenID}, c.TokenID+" is revoked\n")
}
