package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed asset
var assetFiles embed.FS

// AssetPath is where assets are served; the next part is a hash of the content,
// so a browser may keep them for good.
const AssetPath = "/assets/"

type asset struct {
	url    string
	kind   string
	body   []byte
	zipped []byte
}

// assets are the embedded files. The style sheet that customers get is put
// together from the numbered ones, in their order; staff get desk.css besides.
var assets = sync.OnceValue(func() map[string]asset {
	out := map[string]asset{}
	var sheet bytes.Buffer
	names, err := fs.Glob(assetFiles, "asset/*")
	if err != nil {
		panic(err) // the pattern is constant
	}
	for _, name := range names {
		body, err := assetFiles.ReadFile(name)
		if err != nil {
			panic(err) // the file is embedded
		}
		if base := path.Base(name); strings.HasSuffix(base, ".css") && base[0] >= '0' && base[0] <= '9' {
			sheet.Write(body)
			continue
		}
		out[path.Base(name)] = newAsset(path.Base(name), body)
	}
	out["app.css"] = newAsset("app.css", sheet.Bytes())
	return out
})

// Sheet gives the style sheet as text, for a page that must stand alone as a
// file.
func Sheet() string { return string(assets()["app.css"].body) }

func newAsset(name string, body []byte) asset {
	sum := sha256.Sum256(body)
	var zipped bytes.Buffer
	w, _ := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	_, _ = w.Write(body)
	_ = w.Close()
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) {
	case ".css":
		kind = "text/css; charset=utf-8"
	case ".js":
		kind = "text/javascript; charset=utf-8"
	}
	return asset{url: AssetPath + hex.EncodeToString(sum[:8]) + "/" + name, kind: kind, body: body, zipped: zipped.Bytes()}
}

// Asset gives the address of an embedded file, such as "app.css". It panics on
// a name that does not exist, which the start of any page would show.
func Asset(name string) string {
	a, ok := assets()[name]
	if !ok {
		panic(fmt.Sprintf("ui: there is no asset %q", name))
	}
	return a.url
}

// Register serves the assets.
func Register(mux *http.ServeMux) {
	mux.HandleFunc("GET "+AssetPath+"{hash}/{name}", serveAsset)
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets()[r.PathValue("name")]
	if !ok || a.url != r.URL.Path {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	body := a.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = a.zipped
	}
	_, _ = w.Write(body)
}
