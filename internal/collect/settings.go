package collect

import "net/http"

// settings tells Segment's browser client what it fetches before it starts:
// that there is nothing to load but itself, where to send, and to report no
// measurements of its own. Only public keys have settings, since the key is part
// of the address; any other key is unknown here.
func (c *Collector) settings(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Vary", "Origin")
	if wait, ok := c.byAddress.Take(c.address(r), 1, c.clock.Now()); !ok {
		c.refuse(w, r, limited{wait})
		return
	}
	key := r.PathValue("key")
	source, err := c.sources.find(r.Context(), key)
	if err == nil && source.Class != Public {
		err = errUnknownKey
	}
	if err == nil {
		err = allowOrigin(w, r, source)
	}
	if err != nil {
		c.refuse(w, r, err)
		return
	}
	protocol, host := c.publicURL(r)
	on := map[string]any{"__default": map[string]any{"enabled": true, "integrations": map[string]any{}}}
	answer(w, http.StatusOK, map[string]any{
		"integrations": map[string]any{"Segment.io": map[string]any{
			"apiKey": key, "apiHost": host + "/v1", "protocol": protocol,
			"unbundledIntegrations": []string{}, "addBundledMetadata": false,
			"maybeBundledConfigIds": map[string]any{}, "versionSettings": map[string]any{"version": "4.4.7", "componentTypes": []string{"browser"}},
		}},
		"plan":                      map[string]any{"track": on, "identify": on, "group": on},
		"edgeFunction":              map[string]any{},
		"analyticsNextEnabled":      true,
		"middlewareSettings":        map[string]any{},
		"enabledMiddleware":         map[string]any{},
		"metrics":                   map[string]any{"sampleRate": 0},
		"legacyVideoPluginsEnabled": false,
		"remotePlugins":             []any{},
	})
}
