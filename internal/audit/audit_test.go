package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"candor/internal/browsertest"
	"candor/internal/lists"
)

var now = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func file(name, text string) lists.File {
	return lists.File{Name: name, Content: strings.NewReader(text), Size: int64(len(text))}
}

func run1(t *testing.T, files ...lists.File) Report {
	t.Helper()
	r, err := Run(context.Background(), files, Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const mailchimpHead = "Email Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,EUID\n"

// shop are the lists of a shop whose tools disagree.
func shop() []lists.File {
	sub := mailchimpHead +
		"proved@example.org,4,2024-05-01 10:00:00,203.0.113.9,2024-05-01 10:07:00,203.0.113.9,1,a\n" +
		"once@example.org,4,2024-05-01 10:00:00,203.0.113.9,2024-05-01 10:00:00,203.0.113.9,2,b\n" +
		"imported@example.org,4,,,2021-03-03 09:14:00,,3,c\n" +
		"buyer@example.org,4,,,2021-03-04 09:14:00,,4,d\n" +
		"Conflict@Example.ORG,4,2024-05-01 10:00:00,203.0.113.9,2024-05-01 10:07:00,203.0.113.9,5,e\n" +
		"conflict@example.org,4,,,,,6,f\n" +
		"info@example.org,4,,,,,7,g\n" +
		"future@example.org,4,2027-05-01 10:00:00,203.0.113.9,2027-05-01 10:07:00,203.0.113.9,8,h\n" +
		"not an address,1,,,,,9,i\n"
	klaviyo := "Email,Klaviyo ID,Email Marketing Consent,Email Marketing Consent Timestamp\n" +
		"conflict@example.org,1,UNSUBSCRIBED,\n" +
		"once@example.org,2,NEVER_SUBSCRIBED,\n" +
		"gone@example.org,3,UNSUBSCRIBED,\n" +
		"silent@example.org,4,NEVER_SUBSCRIBED,\n" +
		",5,SUBSCRIBED,\n"
	woo := "Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region\n" +
		"B,b,,,buyer@example.org,2,39.80,19.90,DE\nG,g,,,guest@example.org,1,12,12,DE\n"
	return []lists.File{file("subscribed_x.csv", sub), file("klaviyo.csv", klaviyo), file("customers.csv", woo)}
}

func TestEachAddressHasOneClass(t *testing.T) {
	r := run1(t, shop()...)
	for c, want := range map[Class]int64{
		Provable: 1, Attested: 1, BySale: 1, Unproven: 3, Suppressed: 1, // imported, info and future prove nothing
		Gone: 1, Waiting: 0, Bought: 1, Silent: 1,
	} {
		if got := r.Count(c); got != want {
			t.Errorf("%s: %d, want %d", c, got, want)
		}
	}
	var subscribed, rest int64
	for _, p := range r.Classes {
		subscribed += p.Count
	}
	for _, p := range r.Others {
		rest += p.Count
	}
	if subscribed != r.Subscribed || subscribed+rest != r.Addresses || r.Addresses != 10 || r.Rows != 16 {
		t.Errorf("%d subscribed, %d of them in a class, %d others, %d addresses, %d rows", r.Subscribed, subscribed, rest, r.Addresses, r.Rows)
	}
}

func TestFindings(t *testing.T) {
	r := run1(t, shop()...)
	got := map[Kind]Finding{}
	for _, f := range r.Findings {
		got[f.Kind] = f
		if f.Title == "" || f.Means == "" || f.Fix == "" {
			t.Errorf("%s lacks words", f.Kind)
		}
	}
	for kind, want := range map[Kind]int64{Conflict: 1, Disagreement: 1, Roles: 1, Duplicates: 1, Future: 1, BadAddress: 1, NoAddress: 1} {
		if got[kind].Count != want {
			t.Errorf("%s: %d, want %d", kind, got[kind].Count, want)
		}
		delete(got, kind)
	}
	for kind := range got {
		t.Errorf("unexpected: %s", kind)
	}
	conflict := r.Findings[0]
	if conflict.Kind != Conflict || conflict.Where[0] != (Place{"Subscribed in Mailchimp, suppressed in Klaviyo", 1}) {
		t.Errorf("first is %+v", conflict)
	}
	if conflict.Samples[0] != (Sample{"klaviyo.csv", 2, "c•••@e•••.org"}) {
		t.Errorf("sample %+v", conflict.Samples)
	}
}

// However the files are ordered, the sums are the same.
func TestTheOrderOfFilesDoesNotMatter(t *testing.T) {
	files := shop()
	want := run1(t, files...)
	files = shop()
	files[0], files[2] = files[2], files[0]
	got := run1(t, files...)
	for i := range want.Classes {
		if got.Classes[i].Count != want.Classes[i].Count {
			t.Errorf("%s: %d and %d", got.Classes[i].Class, got.Classes[i].Count, want.Classes[i].Count)
		}
	}
	for i := range want.Others {
		if got.Others[i].Count != want.Others[i].Count {
			t.Errorf("%s: %d and %d", got.Others[i].Class, got.Others[i].Count, want.Others[i].Count)
		}
	}
}

func TestAnImportIsNotAConsent(t *testing.T) {
	text := "Email,Opt-in date,Source\n"
	for i := range 60 {
		text += fmt.Sprintf("a%d@example.org,2021-03-03 %02d:00:00,CRM\n", i, i%24)
	}
	for i := range 200 {
		text += fmt.Sprintf("b%d@example.org,%s,Form\n", i, now.AddDate(0, 0, -2*i-1).Format(time.DateTime))
	}
	r := run1(t, file("list.csv", text))
	if f := r.Findings[0]; f.Kind != Imported || f.Count != 60 || f.Where[0].Text != "In list.csv, all dated 3 March 2021" {
		t.Errorf("%+v", f)
	}
}

func TestTheReportHoldsNoAddress(t *testing.T) {
	r := run1(t, shop()...)
	asJSON, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var text, page bytes.Buffer
	if err := r.Text(&text); err != nil {
		t.Fatal(err)
	}
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	for name, out := range map[string]string{"JSON": string(asJSON), "text": text.String(), "HTML": page.String()} {
		if hit := regexp.MustCompile(`[\w.]+@example`).FindString(out); hit != "" {
			t.Errorf("%s holds %s", name, hit)
		}
		if !strings.Contains(out, "•••") {
			t.Errorf("%s shows no sample", name)
		}
	}
	if regexp.MustCompile(`<script|https?://`).MatchString(page.String()) {
		t.Error("the page loads or runs something")
	}
}

func TestHostileNamesAreEscaped(t *testing.T) {
	r := run1(t, file("<img src=x>.csv", "Email,<script>alert(1)</script> Source\nada@example.org,x\n"))
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(page.String(), "<img") || strings.Contains(page.String(), "<script") {
		t.Error("a name of the file became markup")
	}
}

func TestMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		files []lists.File
		o     Options
		code  string
	}{
		"no files":       {nil, Options{}, "no_files"},
		"no addresses":   {[]lists.File{file("x.csv", "a,b\n1,2\n")}, Options{}, "no_email_column"},
		"no such column": {[]lists.File{file("x.csv", "Email\na@example.org\n")}, Options{Map: map[string]lists.Meaning{"OK": lists.Agreed}}, "no_such_column"},
		"no meaning":     {[]lists.File{file("x.csv", "Email\na@example.org\n")}, Options{Map: map[string]lists.Meaning{"Email": "mail"}}, "no_such_meaning"},
		"too many rows":  {[]lists.File{file("x.csv", "Email\na@example.org\nb@example.org\n")}, Options{MaxRows: 1}, "too_many_rows"},
	} {
		if _, err := Run(context.Background(), c.files, c.o); err == nil || !strings.Contains(err.Error(), "("+c.code+")") {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := make([]lists.File, maxSheets+1)
	for i := range many {
		many[i] = file("x.csv", "Email\na@example.org\n")
	}
	if _, err := Run(context.Background(), many, Options{}); err == nil {
		t.Error("too many lists were taken")
	}
}

func TestAnEmptyList(t *testing.T) {
	r := run1(t, file("x.csv", "Email,Status\n"))
	var page bytes.Buffer
	if err := r.HTML(&page); err != nil || r.Addresses != 0 || !strings.Contains(page.String(), "None of these lists") {
		t.Errorf("%d addresses, %v", r.Addresses, err)
	}
}

// TestReportInABrowser looks at the page as a newcomer does.
func TestReportInABrowser(t *testing.T) {
	r := run1(t, shop()...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if err := r.HTML(w); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(s.Close)
	tab := browsertest.New(t)
	tab.Open(s.URL + "/")
	tab.Sees("#headline", "You can prove consent for 1 of 7 subscribed addresses.")
	tab.Sees("#findings + article h3", "Suppressed in one tool, subscribed in another")
	tab.Axe()
	for _, width := range []int{320, 390, 1280} {
		tab.Look(width, false)
		if tab.Overflows() {
			t.Errorf("the report is wider than %d pixels", width)
		}
	}
	tab.Screenshot("audit", 1280, false)
	tab.Screenshot("audit", 390, true)
}

func BenchmarkRun(b *testing.B) {
	var text strings.Builder
	text.WriteString(mailchimpHead)
	for i := range 100_000 {
		fmt.Fprintf(&text, "person%d@example.org,4,2024-05-01 10:00:00,203.0.113.9,2024-05-01 10:07:00,203.0.113.9,1,a\n", i)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		if _, err := Run(context.Background(), []lists.File{file("subscribed.csv", text.String())}, Options{Now: now}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(100_000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
