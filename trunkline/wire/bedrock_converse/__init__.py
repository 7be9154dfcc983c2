"""Amazon Bedrock's Converse and ConverseStream.

Facts of the format: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html, the service
model that the AWS SDKs are made from (bedrock-runtime 2023-09-30), and the recordings.
"""
