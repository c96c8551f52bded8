package charter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"candor/internal/term"
)

// The vocabularies of the notice for machines: the W3C Data Privacy Vocabulary,
// its terms of the GDPR, and Dublin Core.
var contextDPV = map[string]any{
	"dpv":     "https://w3id.org/dpv#",
	"eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
	"dct":     "http://purl.org/dc/terms/",
}

var basisDPV = map[BasisKind]string{
	Consent: "eu-gdpr:A6-1-a", Contract: "eu-gdpr:A6-1-b", LegalObligation: "eu-gdpr:A6-1-c",
	VitalInterests: "eu-gdpr:A6-1-d", PublicTask: "eu-gdpr:A6-1-e", LegitimateInterests: "eu-gdpr:A6-1-f",
}

var roleDPV = map[Role]string{
	Processor: "dpv:DataProcessor", JointController: "dpv:JointDataControllers", OwnController: "dpv:ThirdParty",
}

var rightsDPV = []string{"A7-3", "A15", "A16", "A17", "A18", "A20", "A21", "A22", "A77"}

type node map[string]any

func ref(id string) node { return node{"@id": id} }

// jsonLD writes the notice in the Data Privacy Vocabulary.
func (c *Charter) jsonLD(m noticeModel) (string, error) {
	base := strings.TrimSuffix(c.Business.Site, "/")
	self := fmt.Sprintf("%s/notice/%d", base, c.Version)
	controller := node{
		"@id": base + "/#controller", "@type": "dpv:DataController",
		"dpv:hasName": c.Business.Name, "dpv:hasAddress": c.Business.Controller, "dpv:hasContact": c.Business.Contact,
	}
	if c.Business.DPO != "" {
		controller["dpv:hasDataProtectionOfficer"] = node{"@type": "dpv:DataProtectionOfficer", "dpv:hasContact": c.Business.DPO}
	}
	var processes []node
	for i := range c.Purposes {
		processes = append(processes, c.processDPV(self, &c.Purposes[i], m))
	}
	var rights []node
	for _, r := range rightsDPV {
		rights = append(rights, ref("eu-gdpr:"+r))
	}
	doc := node{
		"@context": contextDPV, "@id": self, "@type": "dpv:PrivacyNotice",
		"dct:title": m.T["title"] + ": " + c.Business.Name, "dct:language": string(m.Lang), "dct:valid": c.Effective.String(),
		"dpv:hasDataController": controller, "dpv:hasProcess": processes, "dpv:hasRight": rights,
		"dpv:hasAuthority": node{"@type": "dpv:DataProtectionAuthority", "dpv:hasName": c.Business.Authority, "dpv:hasJurisdiction": c.Business.Complaints},
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	return string(out), err
}

func (c *Charter) processDPV(self string, p *Purpose, m noticeModel) node {
	var data, recipients, bases []node
	for _, u := range p.Uses {
		keep, _ := c.KeepOf(p.ID, u.Name)
		data = append(data, node{
			"@id": self + "#data-" + strings.ReplaceAll(u.Name, " ", "-"), "@type": "dpv:PersonalData", "dct:title": c.titles([]string{u.Name}, m.Lang),
			"dpv:hasStorageCondition": node{"@type": "dpv:StorageDuration", "dpv:hasDuration": KeepWords(keep, m.Lang)},
		})
	}
	for i := range c.Recipients {
		if r := &c.Recipients[i]; len(r.Gets[p.ID]) > 0 {
			recipients = append(recipients, recipientDPV(self, r, m.Lang))
		}
	}
	for _, market := range marketsOf(c, p.basis) {
		b := ref(basisDPV[p.Basis(market).Kind])
		if !slices.ContainsFunc(bases, func(x node) bool { return x["@id"] == b["@id"] }) {
			bases = append(bases, b)
		}
	}
	return node{
		"@id": self + "#process-" + string(p.ID), "@type": "dpv:Process", "dct:title": p.Title.In(m.Lang),
		"dpv:hasPurpose":      node{"@id": self + "#purpose-" + string(p.ID), "@type": "dpv:Purpose", "dct:title": p.Title.In(m.Lang), "dct:description": p.About.In(m.Lang)},
		"dpv:hasLegalBasis":   bases,
		"dpv:hasPersonalData": data,
		"dpv:hasRecipient":    recipients,
		"dpv:hasStorageCondition": node{
			"@type": "dpv:StorageDuration", "dpv:hasDuration": KeepWords(p.Keep, m.Lang),
		},
	}
}

func recipientDPV(self string, r *Recipient, lang term.Lang) node {
	out := node{
		"@id": self + "#recipient-" + string(r.ID), "@type": roleDPV[r.Role], "dpv:hasName": r.Name, "dpv:hasCountry": r.Country,
	}
	if r.Safeguard != "" {
		out["dpv:hasLegalMeasure"] = node{"@type": "dpv:LegalMeasure", "dct:title": safeguardWords[r.Safeguard].In(lang)}
	}
	return out
}
