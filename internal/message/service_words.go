package message

import "candor/internal/term"

// serviceWords are the engine's own mails. {brand}, {purpose} and {contact} are
// filled in from the charter.
var serviceWords = map[term.Lang]map[ServiceKind]serviceText{
	"en": {
		ConfirmMail: {
			subject: "Please confirm: {purpose}",
			before:  []string{"Someone, we hope you, asked {brand} to write to this address: {purpose}.", "Nothing is sent until you press the button."},
			button:  "Yes, that was me",
			after:   []string{"The button works for three days. If it was not you, there is nothing to do: we forget this address by ourselves."},
		},
		ParentMail: {
			subject: "A young person asks for your permission: {purpose}",
			before:  []string{"Somebody who says that you are their parent or guardian would like {brand} to write to them: {purpose}.", "They are too young to agree alone. Nothing is sent to them unless you agree."},
			button:  "Look and decide",
			after:   []string{"If you do nothing, nothing happens: we forget your address with this mail, and theirs after 14 days. Keep the mail if you agree: the same button takes it back. Questions: {contact}"},
		},
		CodeMail: {
			subject: "Your code for {brand}",
			before:  []string{"Type this code on the page you have open. It works for ten minutes."},
			after:   []string{"Nobody of {brand} will ever ask you for it. If you did not ask for a code, someone typed your address; your data stay closed."},
		},
		LinkMail: {
			subject: "Your choices at {brand}",
			before:  []string{"You asked for the way to your choices and your data."},
			button:  "Open your choices",
			after:   []string{"If it was not you, there is nothing to do."},
		},
		ChangedMail: {
			subject: "Your address at {brand} was changed",
			before:  []string{"Another e-mail address was put in the place of this one.", "If that was you, there is nothing to do."},
			button:  "It was not me: undo",
			after:   []string{"Questions: {contact}"},
		},
		ErasureMail: {
			subject: "{brand} is erasing your data",
			before:  []string{"You asked us to erase your data, and we have begun. This is the last mail you get from us about it."},
			after:   []string{"If it was not you, write at once to {contact}."},
		},
		DownloadMail: {
			subject: "A copy of your data was downloaded",
			before:  []string{"A copy of the data that {brand} holds about you was handed out after the code sent to this address was typed."},
			after:   []string{"If it was not you, write at once to {contact}."},
		},
		LiftedMail: {
			subject: "Your data at {brand} will be used again",
			before:  []string{"The use of your data was restricted. This restriction ends now; what you agreed to and what you refused stays as it was."},
			after:   []string{"If you do not agree, write to {contact}."},
		},
		UpheldMail: {
			subject: "Your objection is upheld: {purpose}",
			before:  []string{"You objected to this use of your data: {purpose}.", "It has ended for you, and it stays so."},
			after:   []string{"Questions: {contact}"},
		},
		NoticeMail: {
			subject: "What is new in how {brand} uses your data",
			before:  []string{"Before we go on, we tell you what you do not know yet.", "New, or wider than before: {news}. Until now your data were not used for it.", "Some of your data did not come from you. They came from: {sources}."},
			button:  "Read all of it",
			after:   []string{"You may object to any use, have your data corrected, or have them erased; the page says how. There is nothing that you must do.", "Questions: {contact}"},
		},
		GroundsMail: {
			subject: "Your objection: {purpose}",
			before:  []string{"You objected to this use of your data: {purpose}.", "We cannot follow your objection, for these reasons:", "{grounds}"},
			after:   []string{"You may complain to the supervisory authority and go to court. You can reach us at {contact}."},
		},
	},
	"de": {
		ConfirmMail: {
			subject: "Bitte bestätigen: {purpose}",
			before:  []string{"Jemand, hoffentlich Sie, hat {brand} gebeten, an diese Adresse zu schreiben: {purpose}.", "Wir schicken nichts, bevor Sie den Knopf drücken."},
			button:  "Ja, das war ich",
			after:   []string{"Der Knopf gilt drei Tage. Waren Sie es nicht, müssen Sie nichts tun: wir vergessen diese Adresse von selbst."},
		},
		ParentMail: {
			subject: "Ein junger Mensch bittet um Ihre Erlaubnis: {purpose}",
			before:  []string{"Jemand, für den Sie nach eigener Angabe sorgen, möchte Post von {brand} bekommen: {purpose}.", "Allein darf er oder sie noch nicht zustimmen. Wir schicken nichts, wenn Sie es nicht erlauben."},
			button:  "Ansehen und entscheiden",
			after:   []string{"Tun Sie nichts, geschieht nichts: Ihre Adresse vergessen wir mit dieser Mail, die andere nach 14 Tagen. Stimmen Sie zu, heben Sie die Mail auf: derselbe Knopf nimmt es zurück. Fragen: {contact}"},
		},
		CodeMail: {
			subject: "Ihr Code für {brand}",
			before:  []string{"Tippen Sie diesen Code auf der Seite ein, die Sie offen haben. Er gilt zehn Minuten."},
			after:   []string{"Niemand von {brand} wird Sie je danach fragen. Haben Sie keinen Code verlangt, hat jemand Ihre Adresse eingetippt; Ihre Daten bleiben verschlossen."},
		},
		LinkMail: {
			subject: "Ihre Auswahl bei {brand}",
			before:  []string{"Sie haben nach dem Weg zu Ihrer Auswahl und Ihren Daten gefragt."},
			button:  "Ihre Auswahl öffnen",
			after:   []string{"Waren Sie es nicht, müssen Sie nichts tun."},
		},
		ChangedMail: {
			subject: "Ihre Adresse bei {brand} wurde geändert",
			before:  []string{"Eine andere E-Mail-Adresse ist an die Stelle dieser Adresse getreten.", "Waren Sie das, müssen Sie nichts tun."},
			button:  "Das war ich nicht: zurücknehmen",
			after:   []string{"Fragen: {contact}"},
		},
		ErasureMail: {
			subject: "{brand} löscht Ihre Daten",
			before:  []string{"Sie haben uns gebeten, Ihre Daten zu löschen, und wir haben damit begonnen. Dies ist die letzte Nachricht von uns dazu."},
			after:   []string{"Waren Sie es nicht, schreiben Sie sofort an {contact}."},
		},
		DownloadMail: {
			subject: "Eine Kopie Ihrer Daten wurde heruntergeladen",
			before:  []string{"Eine Kopie der Daten, die {brand} über Sie hat, wurde herausgegeben, nachdem der Code an diese Adresse eingetippt worden war."},
			after:   []string{"Waren Sie es nicht, schreiben Sie sofort an {contact}."},
		},
		LiftedMail: {
			subject: "Ihre Daten bei {brand} werden wieder genutzt",
			before:  []string{"Die Nutzung Ihrer Daten war eingeschränkt. Diese Einschränkung endet jetzt; wozu Sie Ja und wozu Sie Nein gesagt haben, bleibt wie es war."},
			after:   []string{"Sind Sie damit nicht einverstanden, schreiben Sie an {contact}."},
		},
		UpheldMail: {
			subject: "Ihrem Widerspruch wird gefolgt: {purpose}",
			before:  []string{"Sie haben dieser Nutzung Ihrer Daten widersprochen: {purpose}.", "Sie ist für Sie beendet, und das bleibt so."},
			after:   []string{"Fragen: {contact}"},
		},
		NoticeMail: {
			subject: "Neu darin, wie {brand} Ihre Daten verwendet",
			before:  []string{"Bevor wir weitermachen, sagen wir Ihnen, was Sie noch nicht wissen.", "Neu oder weiter als bisher: {news}. Bis jetzt wurden Ihre Daten dafür nicht verwendet.", "Einige Ihrer Daten kamen nicht von Ihnen. Sie kamen von: {sources}."},
			button:  "Alles lesen",
			after:   []string{"Sie können jeder Verwendung widersprechen, Ihre Daten berichtigen oder löschen lassen; die Seite sagt, wie. Tun müssen Sie nichts.", "Fragen: {contact}"},
		},
		GroundsMail: {
			subject: "Ihr Widerspruch: {purpose}",
			before:  []string{"Sie haben dieser Nutzung Ihrer Daten widersprochen: {purpose}.", "Wir können Ihrem Widerspruch nicht folgen, aus diesen Gründen:", "{grounds}"},
			after:   []string{"Sie können sich bei der Aufsichtsbehörde beschweren und vor Gericht gehen. Uns erreichen Sie unter {contact}."},
		},
	},
}
