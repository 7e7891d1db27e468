import requests

# Hash an image
response = requests.post(
    "https://your-atproto-hma-service.example.com/api/v1/hash",
    files={"file": open("image.jpg", "rb")},
)
hash_results = response.json()

# Match a hash
response = requests.post(
    "https://your-atproto-hma-service.example.com/api/v1/match",
    json={
        "hash_value": hash_results["hashes"][0]["hash_value"],
        "hash_type": hash_results["hashes"][0]["algorithm"],
        "threshold": 0.9
    },
)
match_results = response.json()

# Take action if there are matches
if match_results["match_count"] > 0:
    requests.post(
        "https://your-atproto-hma-service.example.com/api/v1/action",
        json={
            "action_id": "123",
            "action_type": "takedown",
            "content_id": "content_123",
            "match_info": match_results["matches"][0]
        },
    )
