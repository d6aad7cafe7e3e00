/** What CPython and PyTorch wrote, for tests. */
import { unzlibSync } from 'fflate'

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))

/**
 * One object, pickled by CPython 3.11 with a `torch` of empty classes, so that names and opcodes are those that PyTorch's
 * `torch.save` makes: {'state_dict': [OrderedDict of 'module.0.weight' (a transposed view), a parameter and a counter],
 * 'epoch': 3, 'big': 2**70, 'neg': -0.0015, 'err': a number of a storage, 'name': 'größe', 'flags': (True, None, b'raw'),
 * 'shape': torch.Size([1, 28, 28])}; of protocol 2, which torch.save takes.
 */
export const protocol2 = bytesOf(
  'gAJ9cQAoWAoAAABzdGF0ZV9kaWN0cQFdcQJjY29sbGVjdGlvbnMKT3JkZXJlZERpY3QKcQMpUnEEKFgPAAAAbW9kdWxlLjAud2Vp' +
    'Z2h0cQVjdG9yY2guX3V0aWxzCl9yZWJ1aWxkX3RlbnNvcl92MgpxBigoWAcAAABzdG9yYWdlcQdjdG9yY2gKRmxvYXRTdG9yYWdl' +
    'CnEIWAEAAAAwcQlYBgAAAGN1ZGE6MHEKSwZ0cQtRSwBLAksDhnEMSwFLAoZxDYloAylScQ50cQ9ScRBYDQAAAG1vZHVsZS4wLmJp' +
    'YXNxEWN0b3JjaC5fdXRpbHMKX3JlYnVpbGRfcGFyYW1ldGVyCnESaAYoKGgHaAhYAQAAADFxE2gKSwJ0cRRRSwBLAoVxFUsBhXEW' +
    'iWgDKVJxF3RxGFJxGYhoAylScRqHcRtScRxYHAAAAG1vZHVsZS4xLm51bV9iYXRjaGVzX3RyYWNrZWRxHWgGKChoB2N0b3JjaApM' +
    'b25nU3RvcmFnZQpxHlgBAAAAMnEfaApLAXRxIFFLACkpiWgDKVJxIXRxIlJxI3V9cSRYCQAAAF9tZXRhZGF0YXElaAMpUnEmKFgA' +
    'AAAAcSd9cShYBwAAAHZlcnNpb25xKUsBc2gJfXEqaClLAXN1c2JhWAUAAABlcG9jaHErSwNYAwAAAGJpZ3EsigkAAAAAAAAAAEBY' +
    'AwAAAG5lZ3EtR79Yk3S8an76WAMAAABlcnJxLmgGKChoB2gIaBNoCksCdHEvUUsBKSmJaAMpUnEwdHExUnEyWAQAAABuYW1lcTNY' +
    'BwAAAGdyw7bDn2VxNFgFAAAAZmxhZ3NxNYhOY19jb2RlY3MKZW5jb2RlCnE2WAMAAAByYXdxN1gGAAAAbGF0aW4xcTiGcTlScTqH' +
    'cTtYBQAAAHNoYXBlcTxjdG9yY2gKU2l6ZQpxPUsBSxxLHIdxPoVxP1JxQHUu',
)

export const protocol5 = bytesOf(
  'gAWVLAIAAAAAAAB9lCiMCnN0YXRlX2RpY3SUXZSMC2NvbGxlY3Rpb25zlIwLT3JkZXJlZERpY3SUk5QpUpQojA9tb2R1bGUuMC53' +
    'ZWlnaHSUjAx0b3JjaC5fdXRpbHOUjBJfcmVidWlsZF90ZW5zb3JfdjKUk5QoKIwHc3RvcmFnZZSMBXRvcmNolIwMRmxvYXRTdG9y' +
    'YWdllJOUjAEwlIwGY3VkYTowlEsGdJRRSwBLAksDhpRLAUsChpSJaAUpUpR0lFKUjA1tb2R1bGUuMC5iaWFzlGgIjBJfcmVidWls' +
    'ZF9wYXJhbWV0ZXKUk5RoCigoaAtoDowBMZRoEEsCdJRRSwBLAoWUSwGFlIloBSlSlHSUUpSIaAUpUpSHlFKUjBxtb2R1bGUuMS5u' +
    'dW1fYmF0Y2hlc190cmFja2VklGgKKChoC2gMjAtMb25nU3RvcmFnZZSTlIwBMpRoEEsBdJRRSwApKYloBSlSlHSUUpR1fZSMCV9t' +
    'ZXRhZGF0YZRoBSlSlCiMAJR9lIwHdmVyc2lvbpRLAXNoD32UaDFLAXN1c2JhjAVlcG9jaJRLA4wDYmlnlIoJAAAAAAAAAABAjANu' +
    'ZWeUR79Yk3S8an76jANlcnKUaAooKGgLaA5oGmgQSwJ0lFFLASkpiWgFKVKUdJRSlIwEbmFtZZSMB2dyw7bDn2WUjAVmbGFnc5SI' +
    'TkMDcmF3lIeUjAVzaGFwZZRoDIwEU2l6ZZSTlEsBSxxLHIeUhZRSlHUu',
)

/**
 * Files that `torch.save` of PyTorch 2.13 wrote, compressed: {'state_dict': [OrderedDict of 'module.0.weight' (a transposed
 * view), 'module.0.bias' (a parameter) and 'module.1.num_batches_tracked'], 'epoch': 3, 'err': a number of 16 bits}.
 */
const fileOf = (base64: string): Uint8Array => unzlibSync(bytesOf(base64))

export const archive = fileOf(
  'eNqlVU1v1EYYnvUm3o0p+aAf+SiEtlDYtMFZO7CbtEBghSyEKzXdCsmKRN1Z77C28K73tWeDaBUpVRTaHnrureqB/8ARLvwAOCAO' +
    '3FBBnHrtsTP2ZmM7WhaSkUcj2/O8zzMzz/vOqp4dQiifR3vaODqCsG/ZzjpZqGOK5fYtV6uMorVE2xQ2ABUMiQECiikx645FIXMD' +
    'BMvyXJdY1PFagfStXyc+qV9hPyXIzlVhqGCMMUzTq3dcIhfl28Rp2BSGLeoxTtnsUMcNJNMntY7j1k1KWoHnm+uqBGKhYORCOs/H' +
    'DQK5CCJprofp99FHCfJGhs0pwoiRZaPV7oCkixQOfacjXdCzd+E9PaMLd+Hw7zaXM0phrArjxuG4ppqDA5joo6iNfdwklPgSHLGZ' +
    'JjtnR5wKvG9LukDhg5BrGz7UM9vwUcQzSWGqCtO/hS8zv8LHVThqHN0lVeRWp2nWMLVsEpjUx9YtUodjEUF3od94rUZvnbMhpwrH' +
    'GWeGwieMc24u4vqUwmdVONHZgJPGCJtkMrmYnyR8Hv4/ZfBjhtMbEG3oOvEDdlgwp2eCIKhhY5h9JG3PsuELPRvuI/F9+DIh5ip2' +
    'b/bEzIdiFuFMJEaOiVmgUKyC0pFX9Vz+z6l7M4rAtor11b4GnERSz4DyTc9vYmp2NWoVsetDhce7/+/zLc7Me/94M6i8G6/rHhO7' +
    'TqPVJC2qVRZT1n6rVjrLBazchtdsLUh4o4AJtNITULtDiceTQqt8vR/eneY6lLqEa9i+8GJaZCziGzWMoouJrF4oapWvDiAAoc0V' +
    'FvYSe1jfZP1v1h9e4opO/rM8PcV+Tg1QNJ9UpGiVAnp7fsT5H3C+Ez/8cYwT5AfwnU/yqVplad87kOtG5fztp6+8ffAvHoQfhf67' +
    '9rL542D/jaHLPeZeIl04iPvW1hYlzv/4r8b1wfyzSN1NwHDpAfEdloE/YX5LmE5dq8jvKEcplstLJbWsLpeXl5fOnVVK6jlFKSpl' +
    'VVFK4VAqlxQ1LBPBqa1HBaajEKrMcLE9nfGSNL5HefoeTKPjBWgygfxFQP2KWDpIvIjMJII8jgfZU7nSceKFYCIRp5pFewtQGh7P' +
    '2tEE/GkWpWpHGhvPwCTWHkphlTQ2nj1J7LM0Vk1j4/5PYvkllsy2NDbu3bEE9kkM2+fM4paaTe61iAaYfVUXxfmd1Mie6SGl1Lgl' +
    'RON/4k6pEcOq8/NI9B7desNihJHC+dHc/wGmNzGh',
)

/** The same with `_use_new_zipfile_serialization=False`, as before PyTorch 1.6. */
export const oldFile = fileOf(
  'eNp1kstu00AUhn1JE2rohTuFAuWecDGuHQpZ0QWqkIar2XhTWRN7iA2OnTMzLgIpUjYthWdgwZK3gNfhEZBYcGw3gUjB8ow958zM' +
    '/80/Z6R9NpLfX7Z+rb359mLFHGlPf+rYD0FpesuKogx4JrMgS/wdxkWcpaDiBG8BM0ksZcJ8loYxTUHb9wwMyvcD5ov4AxOgD6HW' +
    '9OYwKKKMS5gjmqfjKE4l1EnNqxV7ZGkPGqSW52PNYhMhqWR+GAcS1G3QApRPWCBRXRjPecg4Cx9h0gC95RYaS7imn4V5wkzLfMfi' +
    'XoRqgcx4EJl+LuNEGD5n3TxOQl+yVGTc37ENqDebXqOUyzjtMWhUS4ytJKPyVRU04JC3iHM6bfue09lw7Pu2Y1swX54kGORgkPoz' +
    'CYdfEoVoRN+DI0Ql2h4sfIoKuEUJSy4sl35NCLsxFXD0P3wDymmfScYNOBYhYdSIpgkcu+PYD+B4ZBANlU+Uyrtwkqi7cKpSPS3h' +
    'jAsr++Xg7Ec458Kqt/oXYd1M877fpTKImPAlp8FbFsL5Su7AhCd4MxMPLkwRtC2707HhIhKoSLCGBK1WpXxJwmUXruRDuOrN4xIf' +
    'j0JDKilcK/PXPQwqcGMIlfXjomoRVQjRpWW5sEEWRHCT6KXJjHO4NYX2mCavJ2i3p81xLGujDXcO0Mx/0O5KsFxYLwptuyi0Gbeq' +
    'zjJamyWgzzKkxsy6Mn5GD7HbxBfbCNtXbD82tUleKfLf1fGoPf5rHHz/AMM37tQ=',
)
