package message

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"regexp"
	"strings"

	"github.com/emersion/go-msgauth/dkim"

	"candor/internal/errs"
)

// Signer signs mails of one domain (RFC 6376; ed25519 as RFC 8463).
type Signer struct {
	domain, selector string
	key              crypto.Signer
}

// NewSigner makes a signer from a private key in PEM (PKCS #8, or PKCS #1 for
// RSA). RSA keys have at least 2,048 bits.
func NewSigner(domain, selector string, key []byte) (*Signer, error) {
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, errs.New(errs.Invalid, "dkim_key", "the DKIM key is not in PEM form")
	}
	var parsed any
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		if parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			return nil, errs.New(errs.Invalid, "dkim_key", "the DKIM key is neither PKCS #8 nor PKCS #1")
		}
	}
	switch k := parsed.(type) {
	case ed25519.PrivateKey:
		return &Signer{domain, selector, k}, nil
	case *rsa.PrivateKey:
		if k.N.BitLen() < 2048 {
			return nil, errs.New(errs.Invalid, "dkim_key", "an RSA key for DKIM has at least 2,048 bits")
		}
		return &Signer{domain, selector, k}, nil
	}
	return nil, errs.New(errs.Invalid, "dkim_key", "the DKIM key is neither ed25519 nor RSA")
}

// Record gives the text to publish in DNS under selector._domainkey.domain.
func (s *Signer) Record() (name, value string, err error) {
	name = s.selector + "._domainkey." + s.domain
	switch pub := s.key.Public().(type) {
	case ed25519.PublicKey:
		return name, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub), nil
	case *rsa.PublicKey:
		der, err := x509.MarshalPKIXPublicKey(pub)
		return name, "v=DKIM1; k=rsa; p=" + base64.StdEncoding.EncodeToString(der), err
	}
	return "", "", errs.New(errs.Internal, "dkim_key", "unknown kind of key")
}

// signedFields are the header fields under the signature, those of RFC 8058
// among them. From and Subject stand twice, so that a second one added later
// breaks the signature.
var signedFields = []string{
	"From", "From", "To", "Subject", "Subject", "Date", "Message-ID", "Reply-To", "MIME-Version", "Content-Type",
	"List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted",
}

// Sign puts the DKIM-Signature before a mail.
func (s *Signer) Sign(raw []byte) ([]byte, error) { return s.signFields(raw, signedFields) }

func (s *Signer) signFields(raw []byte, fields []string) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(raw) + 1024)
	err := dkim.Sign(&out, bytes.NewReader(raw), &dkim.SignOptions{
		Domain: s.domain, Selector: s.selector, Signer: s.key, HeaderKeys: fields,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	})
	if err != nil {
		return nil, errs.Wrap(err, errs.Internal, "dkim", "the mail cannot be signed")
	}
	return out.Bytes(), nil
}

var hTag = regexp.MustCompile(`[;\s]h=([^;]*)`)

// checkOneClick fails unless a signed marketing mail has both fields of RFC
// 8058 and its signature covers both.
func checkOneClick(raw []byte) error {
	head, _, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	fields := unfold(string(head))
	for _, f := range []string{"list-unsubscribe", "list-unsubscribe-post"} {
		if fields[f] == "" {
			return errs.New(errs.Invalid, errs.Content, "the mail lacks the field %s", f)
		}
		m := hTag.FindStringSubmatch(fields["dkim-signature"])
		if m == nil || !lists(m[1], f) {
			return errs.New(errs.Invalid, errs.Content, "the signature does not cover the field %s", f)
		}
	}
	return nil
}

func unfold(head string) map[string]string {
	out := map[string]string{}
	for _, line := range strings.Split(strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(head), "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		out[strings.ToLower(name)] = strings.TrimSpace(value)
	}
	return out
}

func lists(h, name string) bool {
	for _, f := range strings.Split(h, ":") {
		if strings.EqualFold(strings.TrimSpace(f), name) {
			return true
		}
	}
	return false
}
