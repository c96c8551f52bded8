package web

import (
	"fmt"
	"html/template"
	"strings"

	"rsc.io/qr"

	"candor/internal/errs"
	"candor/internal/staff"
	"candor/internal/ui"
)

type enrolPage struct {
	Next    string
	Picture template.HTML // the QR code
	Secret  string        // for typing, in groups of four
	Code    ui.Field
}

type codesPage struct {
	Codes []string
	On    string // where to go on
}

var (
	enrolHead = Head{Title: "Set up your second factor", Intro: "Scan the picture with an authenticator app, then type the code that it shows."}
	codesHead = Head{Title: "Your recovery codes", Intro: "Each opens your account once when your phone is not at hand. They are shown this once: print them, or keep them in a password manager."}
)

func (s *Shell) showEnrol(v *Visit) error {
	return s.onStep(v, func(in staff.SignIn) error { return s.renderEnrol(v, in, enrolHead, "") })
}

func (s *Shell) renderEnrol(v *Visit, in staff.SignIn, h Head, wrong string) error {
	in, e, err := v.Staff.Enrolment(v.Context(), in, v.strangerFrame(ui.Frame{Brand: "Candor"}).Brand)
	if err != nil {
		return err
	}
	if err := v.remember(in); err != nil {
		return err
	}
	picture, err := qrSVG(e.URI)
	if err != nil {
		return err
	}
	code := codeField(wrong)
	code.InputMode, code.Label = "numeric", "Code from the app"
	return Show(v, s.pages.enrol, h, enrolPage{Next: v.Form("next"), Picture: picture, Secret: inFours(e.Secret), Code: code})
}

// enrol takes the first code of the new authenticator and shows the recovery
// codes.
func (s *Shell) enrol(v *Visit) error {
	return s.onStep(v, func(in staff.SignIn) error {
		done, codes, err := v.Staff.Enrol(v.Context(), in, v.Form("code"))
		if code := errs.CodeOf(err); code == staff.WrongCode || code == staff.TooManyTries {
			return s.renderEnrol(v, in, enrolHead.Wrong(), Sentence(err))
		}
		if err != nil {
			return err
		}
		if err := v.remember(done); err != nil {
			return err
		}
		return Show(v, s.pages.codes, codesHead, codesPage{codes, "/admin/sign-in/commitment" + next(v.Form("next"))})
	})
}

func inFours(s string) string {
	var out []string
	for len(s) > 4 {
		out, s = append(out, s[:4]), s[4:]
	}
	return strings.Join(append(out, s), " ")
}

// qrSVG draws a QR code as one path: a row of dark squares is one stroke of it.
func qrSVG(text string) (template.HTML, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", err
	}
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	return template.HTML(fmt.Sprintf(`<svg class="qr" viewBox="0 0 %[1]d %[1]d" role="img" aria-label="QR code for your authenticator app" shape-rendering="crispEdges"><path d="%[2]s"/></svg>`, //nolint:gosec // numbers alone
		code.Size, path.String())), nil
}
