package lists

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"
)

// The headers as the tools write them.
const (
	mailchimp = `"Email Address","First Name","Last Name",Address,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS`
	left      = `"Email Address","First Name",MEMBER_RATING,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LAST_CHANGED,LEID,EUID,NOTES`
	cleaned   = `"Email Address","First Name",MEMBER_RATING,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,LEID,EUID,NOTES`
	klaviyo   = `Email,Klaviyo ID,First Name,Last Name,Phone Number,City,Source,IP Address,Email Marketing Consent,Email Marketing Consent Timestamp,Email Marketing Double Opt-In,Historic Number Of Orders,First Active,Profile Created On,Date Added,Email Suppressions`
	shopify   = `Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,Default Address City,Default Address Country Code,Default Address Zip,Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags`
	woo       = `Name,Username,Last Active,Sign Up,Email,Orders,Total Spend,AOV,Country / Region,City,Region,Postal Code`
	brevo     = `CONTACT ID;EMAIL;NACHNAME;VORNAME;SMS;DOUBLE_OPT-IN;OPT_IN;EMAIL_BLACKLISTED;SMS_BLACKLISTED;ADDED_TIME;MODIFIED_TIME`
)

func sheet(t *testing.T, name string, content []byte) *Sheet {
	t.Helper()
	all, err := Open(File{name, bytes.NewReader(content), int64(len(content))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = Close(all) })
	return all[0]
}

// all reads a sheet to its end.
func all(t *testing.T, s *Sheet) (out []Contact) {
	t.Helper()
	for {
		cells, _, err := s.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if errors.Is(err, ErrRow) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s.Contact(cells))
	}
}

func at(text string) time.Time {
	t, err := time.Parse(time.DateTime, text)
	if err != nil {
		panic(err)
	}
	return t
}

// exports are files in the tools' forms, with what their rows mean.
var exports = []struct {
	name, file, text string
	tool             Tool
	want             []Contact
}{
	{
		"Mailchimp, subscribed: confirmed, not confirmed, imported", "subscribed_email_audience_export_5d1.csv",
		mailchimp + "\n" +
			"ada@example.org,Ada,L,\"1 Road\n2nd floor, \"\"left\"\"\",4,\"2024-05-01 10:00:00\",203.0.113.9,\"2024-05-01 10:07:30\",203.0.113.9,,,,,,DE,,\"2024-05-01 10:07:30\",1,ab,\"said \"\"yes\"\"\",\"\"\"VIP\"\",\"\"Blog\"\"\"\n" +
			"ben@example.org,Ben,M,,2,\"2018-10-11 09:55:14\",,\"2018-10-11 09:55:14\",89.233.144.101,,,,,,,,\"2018-10-11 09:55:14\",2,cd,,\n" +
			"cy@example.org,Cy,N,,2,,,\"2015-03-16 14:40:47\",,,,,,,,,\"2015-03-16 14:40:47\",3,ef,,\n",
		Mailchimp,
		[]Contact{
			{Email: "ada@example.org", State: Subscribed, AgreedAt: at("2024-05-01 10:00:00"), ConfirmedAt: at("2024-05-01 10:07:30"), AddedAt: at("2024-05-01 10:07:30"), From: "203.0.113.9", Double: true},
			{Email: "ben@example.org", State: Subscribed, AgreedAt: at("2018-10-11 09:55:14"), ConfirmedAt: at("2018-10-11 09:55:14"), AddedAt: at("2018-10-11 09:55:14"), From: "89.233.144.101"},
			{Email: "cy@example.org", State: Subscribed, ConfirmedAt: at("2015-03-16 14:40:47"), AddedAt: at("2015-03-16 14:40:47")},
		},
	},
	{
		"Mailchimp, unsubscribed", "unsubscribed_members_export.csv",
		left + "\nada@example.org,Ada,3,\"2025-01-02 03:04:05\",\"Spring, early\",x,NORMAL,,,,,,\"2025-01-02 03:04:05\",1,ab,\n",
		Mailchimp, []Contact{{Email: "ada@example.org", State: Unsubscribed, LeftAt: at("2025-01-02 03:04:05"), AddedAt: at("2025-01-02 03:04:05")}},
	},
	{
		"Mailchimp, unsubscribed under another name", "list.csv",
		left + "\nada@example.org,Ada,3,\"2025-01-02 03:04:05\",,,NORMAL,,,,,,,1,ab,\n",
		Mailchimp, []Contact{{Email: "ada@example.org", State: Unsubscribed, LeftAt: at("2025-01-02 03:04:05")}},
	},
	{
		"Mailchimp, cleaned", "cleaned_members_export.csv",
		cleaned + "\nada@example.org,Ada,1,\"2025-01-02 03:04:05\",News,x,1,ab,\n",
		Mailchimp, []Contact{{Email: "ada@example.org", State: Bounced, LeftAt: at("2025-01-02 03:04:05")}},
	},
	{
		"Klaviyo", "newsletter.csv",
		"\ufeff" + klaviyo + "\r\n" +
			"ada@example.org,01H,Ada,L,+4940123,Köln,Footer form,198.51.100.7,SUBSCRIBED,2024-05-01T10:00:00+02:00,True,3,,2024-05-01 08:00:00,,\r\n" +
			"ben@example.org,01J,Ben,M,,,,,UNSUBSCRIBED,,,,,,,\r\n" +
			"cy@example.org,01K,Cy,N,,,,,NEVER_SUBSCRIBED,,,0,,,,\r\n" +
			"di@example.org,01L,Di,O,,,,,SUBSCRIBED,,,,,,,SPAM_COMPLAINT\r\n" +
			"ed@example.org,01M,Ed,P,,,,,SUBSCRIBED,,,,,,,HARD_BOUNCE\r\n",
		Klaviyo, []Contact{
			{Email: "ada@example.org", Phone: "+4940123", State: Subscribed, AgreedAt: at("2024-05-01 08:00:00"), AddedAt: at("2024-05-01 08:00:00"), Form: "Footer form", Double: true, Bought: true},
			{Email: "ben@example.org", State: Unsubscribed},
			{Email: "cy@example.org", State: NotAsked},
			{Email: "di@example.org", State: Complained},
			{Email: "ed@example.org", State: Bounced},
		},
	},
	{
		"Klaviyo, suppressed profiles", "suppressed_profiles.csv", "Email\r\nada@example.org\r\n",
		Unknown, []Contact{{Email: "ada@example.org", State: Unsubscribed}},
	},
	{
		"Shopify", "customers_export.csv",
		shopify + "\n" +
			"'7001,Ada,L,ada@example.org,yes,,\"1, Road\",Köln,DE,'50667,,'+4940123,no,120.50,3,\"wants\nquiet\",no,\"vip, horeca\"\n" +
			"'7002,Ben,M,ben@example.org,no,,,,,,,,no,0.00,0,,no,\n" +
			"'7003,Cy,N,,yes,,,,,,,'+4940124,yes,0.00,0,,no,\n",
		Shopify, []Contact{
			{Email: "ada@example.org", Phone: "+4940123", State: Subscribed, Bought: true},
			{Email: "ben@example.org", State: NotAsked},
			{Phone: "+4940124", State: Subscribed},
		},
	},
	{
		"WooCommerce", "customers.csv",
		woo + "\nAda L,ada,2025-02-03 10:00:00,2024-02-03 10:00:00,ada@example.org,2,39.80,19.90,DE,Köln,,50667\nGuest,,,,ben@example.org,0,0,0,DE,,,\n",
		WooCommerce, []Contact{
			{Email: "ada@example.org", AddedAt: at("2024-02-03 10:00:00"), Bought: true},
			{Email: "ben@example.org"},
		},
	},
	{
		"Brevo, German, semicolons, day first", "kontakte.csv",
		brevo + "\r\n1;ada@example.org;Größe;Ada;;1;;No;No;03-04-2024;18-06-2024\r\n2;ben@example.org;;Ben;;2;;Yes;No;19-06-2024;19-06-2024\r\n",
		Brevo, []Contact{
			{Email: "ada@example.org", State: Subscribed, Double: true, AddedAt: at("2024-04-03 00:00:00")},
			{Email: "ben@example.org", State: Unsubscribed, AddedAt: at("2024-06-19 00:00:00")},
		},
	},
	{
		"a spreadsheet, in German, times with points", "verteiler.csv",
		"sep=;\r\nE-Mail-Adresse;Einwilligung;Eingewilligt am;Quelle\r\nada@example.org;ja;14.03.2024 09:30;Messe\r\nben@example.org;nein;;\r\n;;;\r\n",
		Unknown, []Contact{
			{Email: "ada@example.org", State: Subscribed, AgreedAt: at("2024-03-14 09:30:00"), Form: "Messe"},
			{Email: "ben@example.org", State: NotAsked},
		},
	},
	{
		"Mailchimp saved by an American spreadsheet", "subscribed.csv",
		mailchimp + "\nada@example.org,,,,2,3/16/15 14:40,198.51.100.7,3/16/15 14:45,198.51.100.7,,,,,,,,,1,ab,,\n",
		Mailchimp, []Contact{{Email: "ada@example.org", State: Subscribed, AgreedAt: at("2015-03-16 14:40:00"), ConfirmedAt: at("2015-03-16 14:45:00"), From: "198.51.100.7", Double: true}},
	},
	{
		"no header that is known", "crm.csv", "who\tname\nada@example.org\tAda\nben@example.org\tBen\n",
		Unknown, []Contact{{Email: "ada@example.org", State: Subscribed}, {Email: "ben@example.org", State: Subscribed}},
	},
}

func TestToolsExports(t *testing.T) {
	for _, c := range exports {
		t.Run(c.name, func(t *testing.T) {
			s := sheet(t, c.file, []byte(c.text))
			if s.Tool != c.tool {
				t.Errorf("taken for %q", s.Tool)
			}
			got := all(t, s)
			if len(got) != len(c.want) {
				t.Fatalf("%d contacts: %+v", len(got), got)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("row %d:\n got %+v\nwant %+v", i+1, got[i], c.want[i])
				}
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	text := "Email,Vorname,Newsletter\ngröße@example.org,Jörg,ja\n"
	latin, err := charmap.Windows1252.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var wide []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + text)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	for name, c := range map[string]struct {
		text []byte
		kind string
	}{
		"UTF-8":                  {[]byte(text), "UTF-8"},
		"UTF-8 with a mark":      {[]byte("\ufeff" + text), "UTF-8 with a byte-order mark"},
		"Windows-1252":           {latin, "Windows-1252"},
		"UTF-16":                 {wide, "UTF-16"},
		"two pasted together":    {append([]byte(text), latin[bytes.IndexByte(latin, '\n')+1:]...), "Windows-1252"},
		"late, beyond the probe": {append(bytes.Repeat([]byte("a@example.org,A,ja\n"), 9000), latin[bytes.IndexByte(latin, '\n')+1:]...), "Windows-1252"},
	} {
		t.Run(name, func(t *testing.T) {
			content := c.text
			if strings.HasPrefix(name, "late") {
				content = append([]byte("Email,Vorname,Newsletter\n"), content...)
			}
			s := sheet(t, "x.csv", content)
			got := all(t, s)
			if last := got[len(got)-1]; last.Email != "größe@example.org" || last.State != Subscribed {
				t.Errorf("read %+v", last)
			}
			if s.Encoding() != c.kind {
				t.Errorf("said to be %s", s.Encoding())
			}
		})
	}
}

func TestZips(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range map[string]string{
		"lists/subscribed_x.csv":   mailchimp + "\nada@example.org,,,,2,,,,,,,,,,,,,1,ab,,\n",
		"lists/unsubscribed_x.csv": left + "\nben@example.org,Ada,3,\"2025-01-02 03:04:05\",,,NORMAL,,,,,,,1,ab,\n",
		"lists/empty.csv":          "",
		"__MACOSX/._subscribed":    "rubbish",
		"readme.html":              "<p>hello",
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text))
	}
	_ = z.Close()
	sheets, err := Open(File{"audience.zip", bytes.NewReader(b.Bytes()), int64(b.Len())})
	if err != nil || len(sheets) != 2 {
		t.Fatalf("%d sheets, %v", len(sheets), err)
	}
	for _, s := range sheets {
		want := Subscribed
		if strings.HasPrefix(s.Name, "un") {
			want = Unsubscribed
		}
		if got := all(t, s); len(got) != 1 || got[0].State != want || s.Source != "audience.zip" {
			t.Errorf("%s of %s: %+v", s.Name, s.Source, got)
		}
	}
	if err := Close(sheets); err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoList(t *testing.T) {
	for name, content := range map[string]string{
		"empty.csv": "", "book.xlsx": "PK\x03\x04rest", "book.xls": "\xd0\xcf\x11\xe0rest", "broken.zip": "PK\x03\x04rest",
		"long.csv": "Email\n" + strings.Repeat("a", 3<<20), "wide.csv": strings.Repeat(",", 3000) + "\n",
	} {
		sheets, err := Open(File{name, strings.NewReader(content), int64(len(content))})
		if err == nil && name == "long.csv" {
			_, _, err = sheets[0].Next()
		}
		if err == nil {
			t.Errorf("%s was opened", name)
		}
	}
}

func TestCorrections(t *testing.T) {
	s := sheet(t, "x.csv", []byte("Contact,OK to mail,Kind\nada@example.org,yes,info\n"))
	missing, err := s.Correct(map[string]Meaning{"ok to mail": Agreed, "Nothing": Email})
	if err != nil || len(missing) != 1 || missing[0] != "Nothing" {
		t.Fatalf("missing %v, %v", missing, err)
	}
	if got := all(t, s); got[0].State != Subscribed || s.Assumed() {
		t.Errorf("%+v", got)
	}
	if _, err := s.Correct(map[string]Meaning{"Kind": "sort"}); err == nil {
		t.Error("a meaning that does not exist was taken")
	}
}

func TestTimes(t *testing.T) {
	for _, c := range []struct {
		learn, text, want string
	}{
		{"", "2024-05-01 10:00:00", "2024-05-01 10:00:00"},
		{"", "2024-05-01T10:00:00Z", "2024-05-01 10:00:00"},
		{"", "2024-05-01T10:00:00.123+02:00", "2024-05-01 08:00:00"},
		{"", "2024-05-01 10:00:00 +0000 UTC", "2024-05-01 10:00:00"},
		{"", "1714557600", "2024-05-01 10:00:00"},
		{"", "1714557600000", "2024-05-01 10:00:00"},
		{"", "01.05.2024", "2024-05-01 00:00:00"},
		{"", "1.5.24 10:00", "2024-05-01 10:00:00"},
		{"", "01-05-2024", "2024-05-01 00:00:00"},
		{"", "05/01/2024 10:00", "2024-05-01 10:00:00"},
		{"13/01/2024", "05/01/2024", "2024-01-05 00:00:00"},
		{"01-13-2024", "05-01-2024", "2024-05-01 00:00:00"},
		{"", "5/1/2024 1:05 pm", "2024-05-01 13:05:00"},
		{"", "May 1, 2024", "2024-05-01 00:00:00"},
		{"", "soon", ""}, {"", "31.02.2024", ""}, {"", "", ""}, {"", "12", ""},
	} {
		var f timeForm
		f.learn(c.learn)
		got, ok := f.read(c.text)
		if ok != (c.want != "") || ok && got.Format(time.DateTime) != c.want {
			t.Errorf("%q is %v, %v", c.text, got, ok)
		}
	}
}

func FuzzSheet(f *testing.F) {
	f.Add([]byte(klaviyo + "\nada@example.org,1\n"))
	f.Add([]byte("\xff\xfea\x00"))
	f.Add([]byte("sep=;\nEmail;\"\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		sheets, err := Open(File{"x.csv", bytes.NewReader(content), int64(len(content))})
		if err != nil {
			return
		}
		for range 1000 {
			cells, _, err := sheets[0].Next()
			if err != nil && !errors.Is(err, ErrRow) {
				return
			}
			sheets[0].Contact(cells)
		}
	})
}

func FuzzZip(f *testing.F) {
	var whole bytes.Buffer
	z := zip.NewWriter(&whole)
	for _, name := range []string{"subscribed.csv", "__MACOSX/subscribed.csv", "../cleaned.txt"} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(klaviyo + "\nada@example.org,1\n"))
		}
		if err != nil {
			f.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(whole.Bytes())
	f.Add(whole.Bytes()[:whole.Len()/2])
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, content []byte) {
		sheets, err := Open(File{"x.zip", bytes.NewReader(content), int64(len(content))})
		if err != nil {
			return
		}
		for _, s := range sheets {
			for range 100 {
				cells, _, err := s.Next()
				if err != nil && !errors.Is(err, ErrRow) {
					break
				}
				s.Contact(cells)
			}
		}
		_ = Close(sheets)
	})
}
