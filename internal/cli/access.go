package cli

import (
	"fmt"
	"strings"

	"candor/client"
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
	Create tokenCreateCmd `cmd:"" help:"Make a token; it is shown once."`
	List   tokenListCmd   `cmd:"" help:"List tokens."`
	Revoke tokenRevokeCmd `cmd:"" help:"End a token at once."`
}

type tokenCreateCmd struct {
	remote
	Label string   `arg:"" help:"What it is for."`
	Scope []string `required:"" enum:"read,decide,reasons,write,send,admin" help:"What it may do: ${enum}."`
	Days  int      `default:"90" help:"How long it is good for."`
}

func (c tokenCreateCmd) Run(e *env) error {
	s, err := c.open()
	if err != nil {
		return err
	}
	made, err := s.MakeToken(e.ctx, c.Label, c.Days, c.Scope...)
	if err != nil {
		return err
	}
	return e.print(made, tokenText(made))
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

type setupCmd struct {
	remote
	Code string `arg:"" help:"The code that the server printed at its start."`
}

func (c setupCmd) Run(e *env) error {
	s, err := c.anonymous()
	if err != nil {
		return err
	}
	made, err := s.SetUp(e.ctx, c.Code)
	if err != nil {
		return err
	}
	return e.print(made, tokenText(made)+"Next: export CANDOR_TOKEN="+made.Secret+"\n")
}
