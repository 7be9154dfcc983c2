"""Embeddings, rerank, moderations, images, speech, transcription: one small codec per wire and operation."""
