// A client that sends a picture as Bluesky's automod does: a POST with Basic authentication as admin, the picture as the
// body under its own type, the record in the query. It prints what the automod acts on.
//
//	abyss-client HOST PASSWORD DID URI TYPE FILE
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

type link struct {
	Link string `json:"$link"`
}

type answer struct {
	Blob struct {
		Type     string `json:"$type"`
		Ref      link   `json:"ref"`
		MimeType string `json:"mimeType"`
		Size     int64  `json:"size"`
	} `json:"blob"`
	Match *struct {
		Status string `json:"status"`
		Hits   []struct {
			HashType  string `json:"hashType"`
			HashValue string `json:"hashValue"`
			Label     string `json:"label"`
		} `json:"hits"`
	} `json:"match"`
	Classify map[string]any `json:"classify"`
	Review   *struct {
		State    string `json:"state"`
		TicketID string `json:"ticketId"`
	} `json:"review"`
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	host, password, did, uri, kind, file := args[0], args[1], args[2], args[3], args[4], args[5]
	picture, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	query := url.Values{"did": {did}, "uri": {uri}, "handle": {"alice.test"}, "accountEmail": {"alice@example.test"}}
	address := host + "/xrpc/com.atproto.unspecced.scanBlob?" + query.Encode()
	request, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(picture))
	if err != nil {
		return err
	}
	request.SetBasicAuth("admin", password)
	request.Header.Set("Content-Type", kind)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", "abyss-client")
	request.Header.Set("x-ratelimit-bypass", password)
	client := http.Client{Timeout: 20 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d", response.StatusCode)
	}
	var parsed answer
	if err := json.Unmarshal(body, &parsed); err != nil {
		return err
	}
	isHit := false
	if parsed.Match != nil && parsed.Match.Status == "success" {
		for _, hit := range parsed.Match.Hits {
			isHit = isHit || hit.Label == "csam" || hit.Label == "csem"
		}
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"isHit": isHit, "cid": parsed.Blob.Ref.Link, "size": parsed.Blob.Size, "status": parsed.Match.Status,
	})
}
