// The peer of the endpoint benchmark: Go's net/http doing the same work as
// Bellwether for a repeated measurement. It authenticates the bearer token
// against a SHA-256 in constant time, decodes and validates the JSON body,
// derives the series, and answers with the series' stored document over TLS.
package main

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"flag"
	"io"
	"log"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

type request struct {
	Rollout    string `json:"rollout"`
	Namespace  string `json:"namespace"`
	UID        string `json:"uid"`
	Revision   string `json:"revision"`
	CanaryHash string `json:"canaryHash"`
	Step       string `json:"step"`
	Metric     string `json:"metric"`
}

func problem(w http.ResponseWriter, code int, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Connection", "close")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(map[string]any{"status": code, "detail": detail})
}

func main() {
	listen := flag.String("listen", "127.0.0.1:9443", "address")
	cert := flag.String("cert", "", "certificate file")
	key := flag.String("key", "", "key file")
	tokenFile := flag.String("token", "", "token file")
	document := flag.String("document", "", "file with the document to answer")
	flag.Parse()

	token, err := os.ReadFile(*tokenFile)
	if err != nil {
		log.Fatal(err)
	}
	want := sha256.Sum256([]byte(strings.TrimSpace(string(token))))
	body, err := os.ReadFile(*document)
	if err != nil {
		log.Fatal(err)
	}

	type frozen struct {
		body []byte
		etag string
	}
	var mu sync.RWMutex
	series := map[string]frozen{}

	http.HandleFunc("/rollouts/analysis", func(w http.ResponseWriter, r *http.Request) {
		presented, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		got := sha256.Sum256([]byte(presented))
		if !ok || subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			problem(w, 401, "no or wrong credential")
			return
		}
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil {
			problem(w, 413, err.Error())
			return
		}
		var q request
		if err := json.Unmarshal(raw, &q); err != nil || q.Rollout == "" {
			problem(w, 400, "malformed")
			return
		}
		parts := strings.Join([]string{q.Namespace, q.Rollout, q.UID, q.Revision, q.CanaryHash, q.Step, ""}, "\x00")
		sum := sha256.Sum256([]byte(parts))
		id := hex.EncodeToString(sum[:8])
		mu.RLock()
		hit, found := series[id]
		mu.RUnlock()
		if !found {
			tag := sha256.Sum256(body)
			hit = frozen{body, "\"" + hex.EncodeToString(tag[:]) + "\""}
			mu.Lock()
			series[id] = hit
			mu.Unlock()
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Content-Length", strconv.Itoa(len(hit.body)))
		h.Set("ETag", hit.etag)
		w.Write(hit.body)
	})
	log.Fatal(http.ListenAndServeTLS(*listen, *cert, *key, nil))
}
